"""Time zones by the names that Graph uses: IANA's, Windows', and what it makes up."""

from datetime import tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import win_tz

#: Windows' names of zones, and IANA's for the same: not all that there are, but all that people mean
ZONE_NAMES = tuple(dict.fromkeys((*win_tz.values(), *win_tz)))


@lru_cache(maxsize=1024)
def find_zone(name: str) -> tzinfo | None:
    """Return the zone of an IANA or Windows name, None if unknown.

    Such as `Europe/Berlin` or `W. Europe Standard Time`.
    """
    iana = win_tz.get(name, name)
    return ZoneInfo(iana) if iana in _iana_names() else None


@cache
def _iana_names() -> frozenset[str]:
    # These two are no places: the machine's own zone, and what a machine says before it has one.
    return frozenset(available_timezones() - {"localtime", "Factory"})
