"""Reads the app's health page, and waits until its maintenance has run."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from azure_cli import AzureError, az
from steps import Stop, done, note, wait

#: maintenance runs every 15 minutes, and the first run of a new app takes a while
WAIT_SECONDS, PAUSE_SECONDS = 1200, 15


def read_health(group: str, app: str, host: str) -> dict[str, Any]:
    """Return what `/api/health` answers, healthy or not.

    Raises:
        Stop: the account may not read the page's key.
        AzureError: the app does not answer yet.
    """
    page = f"https://{host}/api/health"
    try:
        keys = az(
            "functionapp", "function", "keys", "list", "--resource-group", group, "--name", app,
            "--function-name", "health",
        )  # fmt: skip
    except AzureError as error:
        if error.is_forbidden:
            raise Stop(
                f"Your account may not read the key of the health page. An Owner gives you the role Website"
                f" Contributor on {app}. Azure says: {error.says}"
            ) from None
        raise
    if not (keys and keys.get("default")):
        raise AzureError(page, "the page has no key yet.")
    request = urllib.request.Request(page, headers={"x-functions-key": str(keys["default"])})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- always https
            content = answer.read(1_000_000)
    except urllib.error.HTTPError as error:
        if error.code != 503:  # noqa: PLR2004 -- what the health page answers where something is wrong
            raise AzureError(page, f"the app answered {error.code}.") from None
        content = error.read(1_000_000)
    except (OSError, http.client.HTTPException) as error:
        raise AzureError(page, f"the app does not answer ({type(error).__name__}).") from None
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AzureError(page, "the app does not answer with its health.")
    return found


def wait_for_health(
    read: Callable[[], dict[str, Any]],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the first maintenance has finished, and show what is wrong by then.

    Raises:
        Stop: it has not finished after 20 minutes.
    """
    end, last = clock() + WAIT_SECONDS, ""
    while clock() < end:
        try:
            health = read()
        except AzureError as error:
            now = error.says
        else:
            if health.get("maintenance"):
                _show(health)
                return
            now = "; ".join(health.get("problems", [])) or "maintenance has not run yet"
        if now != last:
            wait(now)
            last = now
        sleep(PAUSE_SECONDS)
    raise Stop(
        f"No maintenance finished within {WAIT_SECONDS // 60} minutes: {last.rstrip('.')}."
        " Run joinlink doctor, fix what it shows, and run this hook again."
    )


def _show(health: dict[str, Any]) -> None:
    done("maintenance has finished")
    for problem in health.get("problems", []):
        note(problem)
    if health.get("healthy"):
        done("the app is healthy")
