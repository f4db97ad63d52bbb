"""When a series is over.

A series is a run of periods (days, weeks, months, years, `interval` apart), and each period but the first
holds the same number of occurrences. So the last one is found by arithmetic, in the same time for a series
of three and of three million.

Graph's meaning of patterns: https://learn.microsoft.com/graph/api/resources/recurrencepattern
"""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

from shared.domain.event import Event, Recurrence
from shared.domain.timezones import find_zone

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NTH = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}

#: the dates that fall into the period of this number, in order
_Period = Callable[[int], list[date]]


def last_end(event: Event) -> datetime | None:
    """Return the aware UTC end of the event, of a series: of its last occurrence; None if it never ends.

    Dates are days in the zone of the recurrence (an all-day event has none), and an occurrence keeps its
    local times over changes of the clock. As in Outlook, a day that a month lacks is its last day. A series
    in a zone that we don't know ends a day later than it would in UTC; one whose pattern we don't know, or
    that outlives the calendar, never ends. So one that is over may be looked at in vain, but none is taken
    for over too soon.
    """
    if event.recurrence is None:
        return None if event.type == "seriesMaster" else event.end
    known = UTC if event.is_all_day else find_zone(event.recurrence.time_zone)
    zone = known or UTC
    try:
        start = event.start.astimezone(zone)
        day = _last_day(event.recurrence, start.date())
        if day is None:
            return None
        return _end_on(day if known else day + timedelta(days=1), event, zone)
    except (OverflowError, ValueError):  # beyond the year 9999
        return None


def _end_on(day: date, event: Event, zone: tzinfo) -> datetime:
    start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in (event.start, event.end))
    return (end + (day - start.date())).replace(tzinfo=zone).astimezone(UTC)


def _last_day(recurrence: Recurrence, first: date) -> date | None:
    period = _periods(recurrence, first)
    if period is None:
        return None
    if recurrence.occurrences is not None:
        return _numbered(period, first, recurrence.occurrences)
    if recurrence.range_end is not None:
        return _until(period, recurrence, first)
    return None


def _numbered(period: _Period, first: date, count: int) -> date:
    """Count through the first period, which `first` may cut short; the others are all alike."""
    begun = [day for day in period(0) if day >= first]
    count = max(count, 1)
    if count <= len(begun):
        return begun[count - 1]
    number, place = divmod(count - len(begun) - 1, len(period(1)))
    return period(number + 1)[place]


def _until(period: _Period, recurrence: Recurrence, first: date) -> date:
    """Step back from the period in which the range ends; one or two steps find an occurrence."""
    last = recurrence.range_end
    assert last is not None
    number = max(0, _number_of(recurrence, first, last))
    while number >= 0:
        dates = [day for day in period(number) if first <= day <= last]
        if dates:
            return dates[-1]
        number -= 1
    return first


def _number_of(recurrence: Recurrence, first: date, day: date) -> int:
    """Return the number of the last period that begins on or before `day`."""
    step = max(1, recurrence.interval)
    if recurrence.pattern == "daily":
        return (day - first).days // step
    if recurrence.pattern == "weekly":
        return (day - _week_of(first, recurrence)).days // 7 // step
    if recurrence.pattern.endswith("Monthly"):
        return ((day.year - first.year) * 12 + day.month - first.month) // step
    return (day.year - first.year) // step


def _periods(recurrence: Recurrence, first: date) -> _Period | None:
    step = max(1, recurrence.interval)
    month = recurrence.month or first.month
    periods: dict[str, _Period] = {
        "daily": lambda number: [first + timedelta(days=number * step)],
        "weekly": lambda number: _week_days(_week_of(first, recurrence), number * step, recurrence, first),
        "absoluteMonthly": lambda number: [_day_in(*_month_after(first, number * step), recurrence, first)],
        "relativeMonthly": lambda number: [_nth_in(*_month_after(first, number * step), recurrence, first)],
        "absoluteYearly": lambda number: [_day_in(first.year + number * step, month, recurrence, first)],
        "relativeYearly": lambda number: [_nth_in(first.year + number * step, month, recurrence, first)],
    }
    return periods.get(recurrence.pattern)


def _week_days(week: date, weeks: int, recurrence: Recurrence, first: date) -> list[date]:
    offsets = sorted((day - week.weekday()) % 7 for day in _weekdays(recurrence, first))
    return [week + timedelta(days=7 * weeks + offset) for offset in offsets]


def _week_of(day: date, recurrence: Recurrence) -> date:
    start = recurrence.first_day_of_week.lower()
    first = WEEKDAYS.index(start) if start in WEEKDAYS else WEEKDAYS.index("sunday")
    return day - timedelta(days=(day.weekday() - first) % 7)


def _weekdays(recurrence: Recurrence, first: date) -> set[int]:
    named = {WEEKDAYS.index(day.lower()) for day in recurrence.days_of_week if day.lower() in WEEKDAYS}
    return named or {first.weekday()}


def _month_after(day: date, months: int) -> tuple[int, int]:
    years, month = divmod(day.month - 1 + months, 12)
    return day.year + years, month + 1


def _day_in(year: int, month: int, recurrence: Recurrence, first: date) -> date:
    wanted = recurrence.day_of_month or first.day
    return date(year, month, min(wanted, calendar.monthrange(year, month)[1]))


def _nth_in(year: int, month: int, recurrence: Recurrence, first: date) -> date:
    days = _weekdays(recurrence, first)
    length = calendar.monthrange(year, month)[1]
    dates = [day for number in range(1, length + 1) if (day := date(year, month, number)).weekday() in days]
    return dates[_NTH.get(recurrence.index, 0)]
