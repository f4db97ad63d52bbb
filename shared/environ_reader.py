"""Reads single settings from the environment and collects their problems. Standard library only."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from shared.domain.durations import parse_duration
from shared.domain.ids import GUID
from shared.errors import SettingProblem

_DURATION_UNITS = ("ms", "s", "m", "h")


class EnvironReader:
    """Reads settings; a malformed one is added to `problems` and read as its default."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[SettingProblem] = []

    def refuse(self, name: str, problem: str) -> None:
        """Add a problem: what is wrong, then what to do."""
        self.problems.append(SettingProblem(name, problem))

    def text(self, name: str) -> str:
        """Return a text, empty where it is not set."""
        value = self._environ.get(name, "").strip()
        if value.startswith("@Microsoft.KeyVault("):
            self.refuse(
                name,
                "is a Key Vault reference that was not resolved: check that the secret exists and that"
                " the app's identity may read it (role Key Vault Secrets User)",
            )
            return ""
        return value

    def required_text(self, name: str, remedy: str) -> str:
        """Return a text that must be set; `remedy` is what to set it to."""
        value = self.text(name)
        if not value and not any(problem.setting == name for problem in self.problems):
            self.refuse(name, f"is missing: set it to {remedy}")
        return value

    def guid(self, name: str) -> str:
        """Return a GUID, empty where it is not set."""
        return self._checked_guid(name, self.text(name))

    def required_guid(self, name: str, remedy: str) -> str:
        """Return a GUID that must be set; `remedy` is what to set it to."""
        return self._checked_guid(name, self.required_text(name, remedy))

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of the lower-case choices, in any case in the environment."""
        value = self.text(name).lower() or default
        if value not in choices:
            self.refuse(name, f"is {value[:20]!r}: use {' or '.join(c for c in choices if c)}")
            return default
        return value

    def duration(self, name: str, default: timedelta, *, at_most: timedelta) -> timedelta:
        """Return a duration such as 20s."""
        value = self.text(name)
        duration = parse_duration(value, units=_DURATION_UNITS) if value else default
        if duration is None or duration > at_most:
            longest = f"{at_most.total_seconds() / 3600:.0f}h"
            self.refuse(
                name, f"is {value[:20]!r}: use a number with a unit up to {longest}, such as 20s or 2m"
            )
            return default
        return duration

    def url(self, name: str) -> str:
        """Return an https URL without a slash at its end, empty where it is not set."""
        value = self.text(name).rstrip("/")
        if value and not _is_safe_url(value):
            self.refuse(name, "is not an https address: use one such as https://contoso.example")
            return ""
        return value

    def _checked_guid(self, name: str, value: str) -> str:
        if value and not GUID.fullmatch(value):
            self.refuse(name, "is not a GUID such as 5f0c9a4e-0000-4000-8000-000000000000")
            return ""
        return value


def _is_safe_url(value: str) -> bool:
    """Return whether the URL is https; plain http is only for the sandbox on this machine."""
    try:
        url = urlsplit(value)
        host = url.hostname or ""
        return bool(host) and (url.scheme == "https" or (url.scheme == "http" and _is_loopback(host)))
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
