"""Moments as admins write them: `2026-12-31T09:00Z`, or how long ago, `90m`, `24h`, `7d`."""

import re
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str) -> datetime | None:
    """Return the aware moment that a text names, in UTC where it names no zone; None where it names none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def ago_or_moment(text: str, now: datetime) -> datetime | None:
    """Return the moment that a text names, or that was so long ago; None where it says neither."""
    match = _AGO.fullmatch(text)
    return now - timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else moment(text)
