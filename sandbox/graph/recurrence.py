"""The days and times of a series (https://learn.microsoft.com/graph/api/resources/patternedrecurrence)."""

import calendar
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice, takewhile
from typing import Any

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_INDEX = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}


def starts(recurrence: Mapping[str, Any], first: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the UTC starts of a series' occurrences before `until`, in order.

    `first` is the master's start in the time zone of the series; all occurrences have that local time.
    """
    for day in days(recurrence):
        start = datetime.combine(day, first.timetz()).astimezone(UTC)
        if start >= until:
            return
        yield start


def days(recurrence: Mapping[str, Any]) -> Iterator[date]:
    """Yield the days of a series in order; a series with `noEnd` never ends."""
    extent = recurrence["range"]
    first = date.fromisoformat(extent["startDate"])
    candidates = (day for period in _periods(recurrence["pattern"], first) for day in period if day >= first)
    match extent["type"]:
        case "numbered":
            return islice(candidates, extent["numberOfOccurrences"])
        case "endDate":
            last = date.fromisoformat(extent["endDate"])
            return takewhile(lambda day: day <= last, candidates)
        case _:
            return candidates


def _periods(pattern: Mapping[str, Any], first: date) -> Iterator[Sequence[date]]:
    """Yield the pattern's days for each day, week or month, starting with that of `first`."""
    step = max(1, pattern.get("interval") or 1)
    kind = pattern["type"]
    if kind == "daily":
        return ([first + timedelta(days=n * step)] for n in count())
    if kind == "weekly":
        return _weeks(pattern, first, step)
    if kind in {"absoluteYearly", "relativeYearly"}:
        return _months(pattern, first.replace(day=1, month=pattern["month"]), step * 12)
    return _months(pattern, first, step)


def _weeks(pattern: Mapping[str, Any], first: date, step: int) -> Iterator[Sequence[date]]:
    week_start = _WEEKDAYS.index(pattern.get("firstDayOfWeek") or "sunday")
    monday_based = [_WEEKDAYS.index(name) for name in pattern.get("daysOfWeek") or ()] or [first.weekday()]
    offsets = sorted((day - week_start) % 7 for day in monday_based)
    week = first - timedelta(days=(first.weekday() - week_start) % 7)
    for n in count():
        yield [week + timedelta(days=7 * n * step + offset) for offset in offsets]


def _months(pattern: Mapping[str, Any], first: date, step: int) -> Iterator[Sequence[date]]:
    for n in count():
        year, month = divmod(first.year * 12 + first.month - 1 + n * step, 12)
        yield [_day_of_month(pattern, year, month + 1)]


def _day_of_month(pattern: Mapping[str, Any], year: int, month: int) -> date:
    last = calendar.monthrange(year, month)[1]
    if pattern["type"].startswith("absolute"):
        return date(year, month, min(pattern["dayOfMonth"], last))
    wanted = {_WEEKDAYS.index(name) for name in pattern["daysOfWeek"]}
    matching = [day for n in range(1, last + 1) if (day := date(year, month, n)).weekday() in wanted]
    return matching[_INDEX[pattern.get("index") or "first"]]
