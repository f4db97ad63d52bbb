"""After each deployment: notification URL and function key fit the app, rules are there, and the app is healthy.

Run by azd, or by hand:
`python infra/hooks/postdeploy.py --resource-group rg-joinlink --app <app> --vault <vault> --account <storage account>`.
It can run any number of times, and does only what is missing.
"""

import argparse
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from app_health import read_health, wait_for_health
from azure_cli import az, secret_file, with_retries
from steps import ROOT, Stop, done, note, run_hook, setting
from upload_rules import upload, uploaded

SECRET = "notification-url"  # noqa: S105 -- the secret's name
FUNCTION, KEY_NAME = "notifications", "graph"
API_VERSION = "2024-11-01"
#: a tag of the secret: the app has not been restarted since the URL was renewed
_PENDING = "pending"


def main() -> None:
    """Bring vault, key and rules in line, then wait until the app is at work."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--resource-group", default="")
    parser.add_argument("--app", default="")
    parser.add_argument("--vault", default="")
    parser.add_argument("--account", default="")
    parser.add_argument("--no-wait", action="store_true", help="don't wait until the app is healthy")
    options = parser.parse_args()
    group = setting("AZURE_RESOURCE_GROUP", option=options.resource_group)
    app = setting("AZURE_FUNCTION_NAME", option=options.app)
    vault = setting("AZURE_KEY_VAULT_NAME", option=options.vault)
    account = setting("AZURE_STORAGE_ACCOUNT", option=options.account)
    site_id, host = read_app(group, app)
    url = ensure_url(vault, group, app, host)
    ensure_key(site_id, url)
    ensure_rules(account)
    if not options.no_wait:
        wait_for_health(lambda: read_health(group, app, host))
    next_steps(group, app)


def read_app(group: str, app: str) -> tuple[str, str]:
    """Return the app's resource id and its host name."""
    site = with_retries(
        lambda: az("functionapp", "show", "--resource-group", group, "--name", app),
        what=f"Reading the app {app} in {group}",
        tries=3,
        forbidden=f"Your account may not read {app}. An Owner gives you the role Website Contributor on it.",
    )
    # the Azure CLI shows apps on Flex Consumption as Azure Resource Manager does, and other apps flat
    return str(site["id"]), str((site.get("properties") or site)["defaultHostName"])


def ensure_url(vault: str, group: str, app: str, host: str) -> str:
    """Return the notification URL; where it names the host of another app, renew it and restart this one.

    Raises:
        Stop: the account may not read the vault's secrets, or the secret is not there or is not such a URL.
    """
    arguments = ("--vault-name", vault, "--name", SECRET)
    secret = _read_secret(vault, arguments)
    parts = urlsplit(str(secret["value"]))
    if parts.scheme != "https" or not parse_qs(parts.query).get("code"):
        raise Stop(
            f"The secret {SECRET} of {vault} is not a notification URL. Set it to"
            f" https://{host}/api/notifications?code=<at least 32 random characters>, and run this hook again."
        )
    url = urlunsplit(parts._replace(netloc=host))
    if parts.netloc.lower() != host.lower():
        with secret_file(url) as path:
            az(
                "keyvault", "secret", "set", *arguments, "--file", path, "--encoding", "utf-8",
                "--tags", f"restart={_PENDING}", secret=url,
            )  # fmt: skip
    elif (secret.get("tags") or {}).get("restart") != _PENDING:
        done("the notification URL names this app")
        return url
    with_retries(
        lambda: az("functionapp", "restart", "--resource-group", group, "--name", app),
        what=f"Restarting {app}",
        tries=3,
        forbidden=f"Your account may not restart {app}. An Owner gives you the role Website Contributor on it.",
    )
    az("keyvault", "secret", "set-attributes", *arguments, "--tags", "restart=done")
    done(f"the notification URL now names {host}; Joinlink replaces all subscriptions within hours")
    return url


def _read_secret(vault: str, arguments: tuple[str, ...]) -> dict[str, Any]:
    secret: dict[str, Any] = with_retries(
        lambda: az("keyvault", "secret", "show", *arguments),
        what=f"Reading the secret {SECRET} of {vault} (azd provision creates it)",
        tries=6,
        forbidden=f"Your account may not read secrets of {vault}. An Owner gives you the role Key Vault Secrets Officer"
        " on it, or sets adminPrincipalId at the next azd provision.",
    )
    return secret


def ensure_key(site_id: str, url: str) -> None:
    """Give the function the key that the notification URL carries; Azure takes it once the code is there."""
    code = parse_qs(urlsplit(url).query)["code"][0]
    body = json.dumps({"properties": {"name": KEY_NAME, "value": code}})
    address = f"https://management.azure.com{site_id}/functions/{FUNCTION}/keys/{KEY_NAME}?api-version={API_VERSION}"

    def put() -> None:
        with secret_file(body) as path:
            az(
                "rest", "--method", "PUT", "--url", address, "--headers", "Content-Type=application/json",
                "--body", f"@{path}", secret=code,
            )  # fmt: skip

    with_retries(
        put,
        what="Setting the function key",
        forbidden="Your account may not set function keys. An Owner gives you the role Website Contributor on the app.",
        is_role_late=False,
    )
    done("the function key is the one in the notification URL")


def ensure_rules(account: str) -> None:
    """Upload the rules of this folder where the container has none; otherwise leave them alone."""
    if there := uploaded(account):
        done(f"{len(there)} rule files are in the container; they stay as they are")
    else:
        upload(ROOT / "rules", account)


def next_steps(group: str, app: str) -> None:
    """Say what comes next, by the brake that the app really has."""
    settings = az("functionapp", "config", "appsettings", "list", "--resource-group", group, "--name", app)
    mode = {each["name"]: each["value"] for each in settings or []}.get("JOINLINK_MODE", "")
    print(f"\n{app} is at work.", flush=True)
    if mode == "report":
        print(
            "It writes nothing: the brake JOINLINK_MODE=report is on. Watch would_enable lines for some days"
            " (docs/rollout.md),\nthen take the brake off: azd env set JOINLINK_MODE rules && azd provision.",
            flush=True,
        )
    else:
        note("the brake is off: rules in mode enforce add links to meetings.")
    print(
        "Check it any time: joinlink status. Alerts and the workbook are in the resource group (docs/monitoring.md).",
        flush=True,
    )


if __name__ == "__main__":
    run_hook("Joinlink: after deployment", main)
