"""Durations as people write them: a whole number and one unit, `90s`, `15m`, `24h`, `7d` or `250ms`."""

import re
from datetime import timedelta

UNITS: dict[str, timedelta] = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
#: seven digits, so that no number of days is too large for a timedelta
_DURATION = re.compile("([0-9]{1,7})([a-z]{1,2})")


def parse_duration(text: str, *, units: tuple[str, ...]) -> timedelta | None:
    """Return the duration; None if the text is not a duration in one of the `units`."""
    found = _DURATION.fullmatch(text)
    return int(found[1]) * UNITS[found[2]] if found and found[2] in units else None
