"""After provisioning: grant the permissions that the rules need, or show the command and who must run it."""

import os

from azure_cli import Stop, note, run_hook, setting
from grant_graph import grant, needed


def main() -> None:
    """Grant the permissions; continue if the account may not: deploying works without them, deciding does not."""
    identity = setting("JOINLINK_IDENTITY_OBJECT_ID")
    client = setting("JOINLINK_IDENTITY_CLIENT_ID")
    mode = os.environ.get("JOINLINK_GRAPH_MODE") or "entra"
    try:
        grant(identity, client, needed("rules", report_only=False), mode=mode, check_only=False)
    except Stop as stop:
        note(str(stop))
        note(
            "Until then Joinlink can't read calendars. Grant before you deploy: an old token may be used for a day."
        )


if __name__ == "__main__":
    run_hook("Joinlink: after provisioning", main)
