"""After each deployment: notification URL and function key fit the app, rules are there, and the app is healthy.

Run by azd, or by hand:
`python infra/hooks/postdeploy.py --resource-group rg-joinlink --app <app> --vault <vault> --account <storage account>`.
"""

import argparse
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from azure_cli import (
    ROOT,
    AzureError,
    Stop,
    az,
    done,
    note,
    run_hook,
    secret_file,
    setting,
    wait,
    with_retries,
)
from upload_rules import upload, uploaded

SECRET = "notification-url"  # noqa: S105 -- the secret's name
FUNCTION, KEY_NAME = "notifications", "graph"
API_VERSION = "2024-11-01"
HEALTH_SECONDS, PAUSE_SECONDS = 900, 15


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
    site = with_retries(
        lambda: az("functionapp", "show", "--resource-group", group, "--name", app), what="Reading the app"
    )
    url = ensure_url(vault, group, app, str(site["defaultHostName"]))
    ensure_key(str(site["id"]), url)
    ensure_rules(setting("AZURE_STORAGE_ACCOUNT", option=options.account))
    if not options.no_wait:
        wait_for_health(lambda: read_health(group, app, str(site["defaultHostName"])))
    next_steps(app)


def ensure_url(vault: str, group: str, app: str, host: str) -> str:
    """Return the notification URL; where it names the host of another app, renew it and restart this one.

    Raises:
        Stop: the account may not read the vault's secrets.
    """
    arguments = ("--vault-name", vault, "--name", SECRET)
    try:
        url = str(az("keyvault", "secret", "show", *arguments)["value"])
    except AzureError as error:
        if error.is_forbidden:
            raise Stop(
                f"Your account may not read secrets of {vault}. An Owner gives you the role Key Vault Secrets Officer"
                " on it, or sets adminPrincipalId at the next azd provision."
            ) from None
        raise
    parts = urlsplit(url)
    if parts.netloc.lower() == host.lower():
        done("the notification URL names this app")
        return url
    url = urlunsplit(parts._replace(netloc=host))
    with secret_file(url) as path:
        az("keyvault", "secret", "set", *arguments, "--file", path, "--encoding", "utf-8")
    az("functionapp", "restart", "--resource-group", group, "--name", app)
    done(f"the notification URL now names {host}; Joinlink replaces all subscriptions within hours")
    return url


def ensure_key(site_id: str, url: str) -> None:
    """Give the function the key that the notification URL carries; Azure takes it once the code is there."""
    [code] = parse_qs(urlsplit(url).query).get("code", [""])
    if not code:
        raise Stop(
            f"The secret {SECRET} has no ?code=…. Set it to https://<host>/api/notifications?code=<key>."
        )
    body = json.dumps({"properties": {"name": KEY_NAME, "value": code}})
    address = f"https://management.azure.com{site_id}/functions/{FUNCTION}/keys/{KEY_NAME}?api-version={API_VERSION}"

    def put() -> None:
        with secret_file(body) as path:
            az(
                "rest",
                "--method",
                "PUT",
                "--url",
                address,
                "--headers",
                "Content-Type=application/json",
                "--body",
                f"@{path}",
            )

    with_retries(put, what="Setting the function key")
    done("the function key is the one in the notification URL")


def ensure_rules(account: str) -> None:
    """Upload the rules of this folder where the container has none; otherwise leave them alone."""
    there = with_retries(lambda: uploaded(account), what="Reading the rules container", tries=6)
    if there:
        done(f"{len(there)} rule files are in the container; they stay as they are")
    else:
        upload(ROOT / "rules", account)


def read_health(group: str, app: str, host: str) -> dict[str, Any]:
    """Return what `/api/health` answers, healthy or not.

    Raises:
        AzureError: the app does not answer yet.
    """
    keys = az(
        "functionapp",
        "function",
        "keys",
        "list",
        "--resource-group",
        group,
        "--name",
        app,
        "--function-name",
        "health",
    )
    request = urllib.request.Request(
        f"https://{host}/api/health", headers={"x-functions-key": str(keys["default"])}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- always https
            content = answer.read(1_000_000)
    except urllib.error.HTTPError as error:
        if error.code != 503:  # noqa: PLR2004 -- what the health page answers where something is wrong
            raise AzureError(f"the app answered {error.code}") from None
        content = error.read(1_000_000)
    except OSError as error:
        raise AzureError(f"the app does not answer: {type(error).__name__}") from None
    try:
        found = json.loads(content)
    except ValueError:
        raise AzureError("the app answered something else than its health") from None
    return found if isinstance(found, dict) else {}


def wait_for_health(
    read: Callable[[], dict[str, Any]],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the first maintenance has finished, and show what is wrong by then.

    Raises:
        Stop: it has not finished after 15 minutes.
    """
    end, last = clock() + HEALTH_SECONDS, "the app does not answer"
    while clock() < end:
        try:
            health = read()
        except AzureError as error:
            last = str(error)
        else:
            if health.get("maintenance"):
                done("the first maintenance has finished")
                for problem in health.get("problems", []):
                    note(problem)
                if health.get("healthy"):
                    done("the app is healthy")
                return
            last = "; ".join(health.get("problems", [])) or "maintenance has not run yet"
        wait(last)
        sleep(PAUSE_SECONDS)
    raise Stop(
        f"No maintenance finished within {HEALTH_SECONDS // 60} minutes: {last}. Run joinlink doctor, fix what it shows, and run this hook again."
    )


def next_steps(app: str) -> None:
    """Say what comes next."""
    mode = os.environ.get("JOINLINK_MODE", "report")
    print(f"\n{app} is at work.", flush=True)
    if mode != "rules":
        print(
            "It writes nothing: the brake JOINLINK_MODE=report is on. Watch would_enable lines for some days (docs/rollout.md),",
            flush=True,
        )
        print("then take the brake off: azd env set JOINLINK_MODE rules && azd provision.", flush=True)
    print(
        "Check it any time: joinlink status. Alerts and the workbook are in the resource group (docs/monitoring.md).",
        flush=True,
    )


if __name__ == "__main__":
    run_hook("Joinlink: after deployment", main)
