"""Computes the day of the last occurrence of a series.

A series consists of periods (days, weeks, months or years, `interval` apart). Each period except the first
has the same number of occurrences, so the last occurrence is computed without iterating over all of them.

The meaning of patterns: https://learn.microsoft.com/graph/api/resources/recurrencepattern
"""

import calendar
from collections.abc import Callable
from datetime import date, timedelta

from shared.domain.event import Recurrence

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NTH = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_MONTHS = range(1, 13)
_A_LEAP_YEAR = 2024

#: returns the dates in the period with this number, in order
_Period = Callable[[int], list[date]]


def last_day(recurrence: Recurrence, first: date) -> date | None:
    """Return the day of the last occurrence of a series whose first occurrence is on `first`.

    As in Outlook, a day that a month does not have is its last day. None if the series has no end, or if its
    end is not known: an unknown pattern, or numbers that Graph's documentation does not allow.

    Raises:
        OverflowError, ValueError: the series goes beyond the year 9999.
    """
    if not _is_valid(recurrence):
        return None
    period = _periods(recurrence, first)
    if recurrence.occurrences is not None:
        return _numbered(period, first, recurrence.occurrences) if recurrence.occurrences > 0 else None
    if recurrence.range_end is not None:
        return _until(period, recurrence, first, recurrence.range_end)
    return None


def _is_valid(recurrence: Recurrence) -> bool:
    """Whether the pattern is known and has valid numbers, according to Graph's documentation."""
    days = {day.lower() for day in recurrence.days_of_week}
    has_days = bool(days) and days <= set(WEEKDAYS)
    has_nth = has_days and recurrence.index in _NTH
    match recurrence.pattern:
        case "daily":
            is_valid = True
        case "weekly":
            is_valid = has_days and recurrence.first_day_of_week.lower() in WEEKDAYS
        case "absoluteMonthly":
            is_valid = 1 <= recurrence.day_of_month <= 31  # noqa: PLR2004 -- days of the longest month
        case "relativeMonthly":
            is_valid = has_nth
        case "absoluteYearly":
            is_valid = recurrence.month in _MONTHS and 1 <= recurrence.day_of_month <= _most_days(
                recurrence.month
            )
        case "relativeYearly":
            is_valid = recurrence.month in _MONTHS and has_nth
        case _:
            is_valid = False
    return is_valid and recurrence.interval >= 1


def _most_days(month: int) -> int:
    return calendar.monthrange(_A_LEAP_YEAR, month)[1]


def _numbered(period: _Period, first: date, count: int) -> date:
    """Return the day of the `count`th occurrence. Only the first period may have fewer occurrences."""
    first_period = [day for day in period(0) if day >= first]
    if count <= len(first_period):
        return first_period[count - 1]
    number, index = divmod(count - len(first_period) - 1, len(period(1)))
    return period(number + 1)[index]


def _until(period: _Period, recurrence: Recurrence, first: date, last: date) -> date | None:
    """Return the last occurrence on or before `last`, found in one of the last periods before it."""
    if last < first:
        return None  # the series ends before it begins
    number = max(0, _number_of(recurrence, first, last))
    while number >= 0:
        dates = [day for day in period(number) if first <= day <= last]
        if dates:
            return dates[-1]
        number -= 1
    return first


def _number_of(recurrence: Recurrence, first: date, day: date) -> int:
    """Return the number of the last period that begins on or before `day`."""
    step = recurrence.interval
    if recurrence.pattern == "daily":
        return (day - first).days // step
    if recurrence.pattern == "weekly":
        return (day - _week_of(first, recurrence)).days // 7 // step
    if recurrence.pattern.endswith("Monthly"):
        return ((day.year - first.year) * 12 + day.month - first.month) // step
    return (day.year - first.year) // step


def _periods(recurrence: Recurrence, first: date) -> _Period:
    step = recurrence.interval
    month = recurrence.month
    periods: dict[str, _Period] = {
        "daily": lambda number: [first + timedelta(days=number * step)],
        "weekly": lambda number: _week_days(_week_of(first, recurrence), number * step, recurrence),
        "absoluteMonthly": lambda number: [_day_in(*_month_after(first, number * step), recurrence)],
        "relativeMonthly": lambda number: [_nth_in(*_month_after(first, number * step), recurrence)],
        "absoluteYearly": lambda number: [_day_in(first.year + number * step, month, recurrence)],
        "relativeYearly": lambda number: [_nth_in(first.year + number * step, month, recurrence)],
    }
    return periods[recurrence.pattern]


def _week_days(week: date, weeks: int, recurrence: Recurrence) -> list[date]:
    offsets = sorted((day - week.weekday()) % 7 for day in _weekdays(recurrence))
    return [week + timedelta(days=7 * weeks + offset) for offset in offsets]


def _week_of(day: date, recurrence: Recurrence) -> date:
    first = WEEKDAYS.index(recurrence.first_day_of_week.lower())
    return day - timedelta(days=(day.weekday() - first) % 7)


def _weekdays(recurrence: Recurrence) -> set[int]:
    return {WEEKDAYS.index(day.lower()) for day in recurrence.days_of_week}


def _month_after(day: date, months: int) -> tuple[int, int]:
    years, month = divmod(day.month - 1 + months, 12)
    return day.year + years, month + 1


def _day_in(year: int, month: int, recurrence: Recurrence) -> date:
    return date(year, month, min(recurrence.day_of_month, calendar.monthrange(year, month)[1]))


def _nth_in(year: int, month: int, recurrence: Recurrence) -> date:
    days = _weekdays(recurrence)
    length = calendar.monthrange(year, month)[1]
    dates = [day for number in range(1, length + 1) if (day := date(year, month, number)).weekday() in days]
    return dates[_NTH[recurrence.index]]
