"""Parses times in options: `2026-12-31T09:00Z`, or how long ago: `90m`, `24h`, `7d`."""

from datetime import UTC, datetime

from shared.domain.durations import parse_duration

_UNITS = ("s", "m", "h", "d")


def parse_time(text: str) -> datetime | None:
    """Return the aware time; UTC if the text has no zone. None if the text is not a time."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def parse_time_or_age(text: str, now: datetime) -> datetime | None:
    """Return the time, or the time that is the age before `now`. None if the text is neither."""
    age = parse_duration(text, units=_UNITS)
    try:
        return parse_time(text) if age is None else now - age
    except OverflowError:  # before the first day of the calendar
        return None
