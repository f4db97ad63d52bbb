"""Checks durations from the command line."""

from datetime import timedelta

from cli.output import Refused
from shared.domain.durations import parse_duration

_UNITS = ("s", "m", "h")


def duration_between(option: str, text: str, shortest: timedelta, longest: timedelta) -> timedelta:
    """Return a duration such as 90s or 5m.

    Raises:
        Refused: it is none, or out of range.
    """
    duration = parse_duration(text, units=_UNITS)
    if duration is None or not shortest <= duration <= longest:
        raise Refused(
            f"{option} expects a time such as 90s or 5m, from {shortest.total_seconds():.0f} s to"
            f' {longest.total_seconds() / 60:.0f} min, not "{text}"'
        )
    return duration
