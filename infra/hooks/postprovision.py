"""After provisioning: grant the permissions that the rules need, or show the command and who must run it."""

import os

from grant_graph import MODES, Grants, grant
from steps import Stop, note, run_hook, setting


def main() -> None:
    """Grant the permissions; continue if the account may not: deploying works without them, deciding does not."""
    mode = os.environ.get("JOINLINK_GRAPH_MODE") or "entra"
    if mode not in MODES:
        raise Stop(
            f'JOINLINK_GRAPH_MODE is "{mode}". Set it to {", ".join(MODES)}: azd env set JOINLINK_GRAPH_MODE entra.'
            " Nothing was granted."
        )
    grants = Grants(
        identity=setting("JOINLINK_IDENTITY_OBJECT_ID"),
        client=setting("JOINLINK_IDENTITY_CLIENT_ID"),
        mode=mode,
        is_report_only=os.environ.get("JOINLINK_GRAPH_REPORT_ONLY", "").lower() == "true",
    )
    try:
        grant(grants)
    except Stop as stop:
        note(str(stop))
        note(
            "Until then Joinlink can't read calendars. Grant before you deploy: an old token may be used for a day."
        )


if __name__ == "__main__":
    run_hook("Joinlink: after provisioning", main)
