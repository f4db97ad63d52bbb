"""Time zones by the names that Graph uses: IANA's, Windows', and what it makes up."""

from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import win_tz

#: Windows' names of zones, and IANA's for the same: not all that there are, but all that people mean
ZONE_NAMES = tuple(dict.fromkeys((*win_tz.values(), *win_tz)))


@lru_cache(maxsize=1024)
def find_zone(name: str) -> tzinfo | None:
    """Return the zone of an IANA or Windows name, None if unknown.

    Such as `Europe/Berlin` or `W. Europe Standard Time`.
    """
    try:
        return ZoneInfo(win_tz.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError: a path that leaves the zone folder; OSError: a folder of zones, a name too long.
        return None


def zone_or_utc(name: str) -> tzinfo:
    """Return the zone of a name, UTC where it is unknown (`tzone://Microsoft/Custom`, say)."""
    return find_zone(name) or UTC
