"""Finds time zones by the names that Graph uses: IANA names and Windows names."""

from datetime import tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import win_tz


def find_zone(name: str) -> tzinfo | None:
    """Return the zone of a name such as `Europe/Berlin` or `W. Europe Standard Time`; None if unknown."""
    iana = win_tz.get(name, name)
    return ZoneInfo(iana) if iana in _iana_names() else None


@cache
def _iana_names() -> frozenset[str]:
    # These two depend on the machine: its own zone, and the placeholder before it has one.
    return frozenset(available_timezones() - {"localtime", "Factory"})
