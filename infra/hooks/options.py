"""Checks the options of the azd environment before Azure would refuse them, or quietly do something else."""

import json
import os
import re
from typing import Any

from steps import ROOT, Stop, done

#: options with a few allowed values; the template has the same
CHOICES = {
    "JOINLINK_MODE": ("report", "rules"),
    "JOINLINK_PYTHON_VERSION": ("3.11", "3.12", "3.13"),
    "JOINLINK_INSTANCE_MEMORY": ("512", "2048", "4096"),
    "JOINLINK_STORAGE_SKU": ("Standard_LRS", "Standard_ZRS", "Standard_GZRS"),
    "JOINLINK_PRIVATE_STORAGE": ("true", "false"),
    "JOINLINK_ZONE_REDUNDANT": ("true", "false"),
    "JOINLINK_LOCK_STATE": ("true", "false"),
    "JOINLINK_PURGE_PROTECTION": ("true", "false"),
}
#: options that are whole numbers, with the least and the most
NUMBERS = {
    "JOINLINK_MAXIMUM_INSTANCES": (1, 1000),
    "JOINLINK_ALWAYS_READY": (0, 20),
    "JOINLINK_RETENTION_DAYS": (30, 730),
    "JOINLINK_BUDGET": (0, 10_000_000),
}
_EXAMPLES = {
    "JOINLINK_ALERT_EMAILS": '["you@contoso.com"]',
    "JOINLINK_DISABLED_ALERTS": '["no-decisions"]',
    "JOINLINK_ALERT_THRESHOLDS": '{"throttled": 1000}',
    "JOINLINK_SETTINGS": '{"JOINLINK_SETTLE": "1m"}',
}
_SECRETS = re.compile(r"SECRET|CERTIFICATE|_KEY|AzureWebJobsStorage$")


def check_options() -> None:
    """Check all options that are set.

    Raises:
        Stop: names the first that is wrong, and how to set it.
    """
    for name, allowed in CHOICES.items():
        value = os.environ.get(name, "")
        if value and value not in allowed:
            raise Stop(
                f'{name} is "{value}". Set it to {" or ".join(allowed)}: azd env set {name} {allowed[0]}.'
            )
    for name, (least, most) in NUMBERS.items():
        value = os.environ.get(name, "")
        if value and not (re.fullmatch(r"\d{1,9}", value) and least <= int(value) <= most):
            raise Stop(f'{name} is "{value}". Set it to a whole number from {least} to {most}.')
    _check_strings("JOINLINK_ALERT_EMAILS", r"[^@\s]+@[^@\s]+")
    _check_alerts(_check_strings("JOINLINK_DISABLED_ALERTS", r"[\w-]+"), "JOINLINK_DISABLED_ALERTS")
    thresholds = _read("JOINLINK_ALERT_THRESHOLDS", dict)
    if any(type(value) is not int or value < 0 for value in thresholds.values()):
        raise _wrong("JOINLINK_ALERT_THRESHOLDS")
    _check_alerts(list(thresholds), "JOINLINK_ALERT_THRESHOLDS")
    _check_settings(_read("JOINLINK_SETTINGS", dict))
    done("options")


def _read(name: str, kind: type) -> Any:
    text = os.environ.get(name, "")
    try:
        value = json.loads(text) if text else kind()
    except ValueError:
        raise _wrong(name) from None
    if not isinstance(value, kind):
        raise _wrong(name)
    return value


def _wrong(name: str) -> Stop:
    """Return the error without the value, which could be a secret."""
    return Stop(
        f"{name} is not of the form that it needs. Set it as JSON: azd env set {name} '{_EXAMPLES[name]}'."
    )


def _check_strings(name: str, pattern: str) -> list[str]:
    values: list[Any] = _read(name, list)
    if not all(isinstance(value, str) and re.fullmatch(pattern, value) for value in values):
        raise _wrong(name)
    return values


def _check_alerts(names: list[str], option: str) -> None:
    alerts = json.loads((ROOT / "infra" / "monitoring" / "alerts.json").read_text(encoding="utf-8"))
    known = [alert["id"] for alert in alerts]
    for name in names:
        if name not in known:
            raise Stop(
                f'{option} names the alert "{name}", which does not exist. There are: {", ".join(known)}.'
            )


def _check_settings(settings: dict[str, Any]) -> None:
    if not all(isinstance(value, str) for value in settings.values()):
        raise _wrong("JOINLINK_SETTINGS")
    if "JOINLINK_MODE" in settings:
        raise Stop(
            "JOINLINK_SETTINGS sets JOINLINK_MODE, which has no effect. Set it by itself: azd env set JOINLINK_MODE report."
        )
    for name, value in settings.items():
        if _SECRETS.search(name) and not value.startswith("@Microsoft.KeyVault("):
            raise Stop(
                f"JOINLINK_SETTINGS has {name} in plain text, and everyone who may read the deployment would see it."
                " Put the value into a vault, and set a reference: @Microsoft.KeyVault(SecretUri=https://…)."
            )
