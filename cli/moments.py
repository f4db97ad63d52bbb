"""Moments as admins write them: `2026-12-31T09:00Z`, or how long ago, `90m`, `24h`, `7d`."""

from datetime import UTC, datetime

from shared.domain.durations import parse_duration

_UNITS = ("s", "m", "h", "d")


def moment(text: str) -> datetime | None:
    """Return the aware moment that a text names, in UTC where it names no zone; None where it names none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def ago_or_moment(text: str, now: datetime) -> datetime | None:
    """Return the moment that a text names, or that was so long ago; None where it says neither."""
    age = parse_duration(text, units=_UNITS)
    try:
        return moment(text) if age is None else now - age
    except OverflowError:  # before the first day of the calendar
        return None
