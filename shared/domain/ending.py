"""When an event is over, of a series: when its last occurrence is.

An event is never taken for over too soon. Where its time zone is not known, the latest moment counts that any
zone allows.
"""

from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

from shared.domain.event import Event, Recurrence
from shared.domain.recurrence import last_day
from shared.domain.timezones import find_zone

_DAY = timedelta(days=1)
#: how far behind UTC clocks are at most
BEHIND = timedelta(hours=12)
#: with these offsets a moment falls on every local day that it can fall on
_ANYWHERE = (timezone(-BEHIND), UTC, timezone(timedelta(hours=14)))
#: how much later than at the first occurrence a zone's clock may show the same time; two hours in Antarctica
_CLOCK_CHANGE = timedelta(hours=2)


def last_end(event: Event) -> datetime | None:
    """Return the aware UTC end of the event, of a series: of its last occurrence; None if it never ends.

    Whole days end with the organizer's day. An occurrence keeps its local times over changes of the clock. A
    series whose numbers contradict each other, or that outlives the calendar, never ends.
    """
    try:
        if event.recurrence is not None:
            return _end_of_series(event, event.recurrence)
        return None if event.type == "seriesMaster" else _end(event)
    except (OverflowError, ValueError):  # beyond the year 9999
        return None


def is_endless(event: Event) -> bool:
    """Whether the event is a series that says itself that it has no end."""
    found = event.recurrence
    return (
        found is not None
        and found.range_type == "noEnd"
        and found.range_end is None
        and found.occurrences is None
    )


def zone_of_days(event: Event) -> tzinfo | None:
    """Return the zone in which the organizer's days begin and end, None where it is not known."""
    named = find_zone(event.original_zone)
    if named is None and event.recurrence is not None:
        return find_zone(event.recurrence.time_zone)
    return named


def zone_of_series(event: Event, recurrence: Recurrence) -> tzinfo | None:
    """Return the zone in which the dates of a series are days, None where it is not known."""
    return None if event.unknown_zone else find_zone(recurrence.time_zone) or find_zone(event.original_zone)


def has_whole_days(event: Event) -> bool:
    """Whether the event lasts from one midnight to another, in whatever zone."""
    return event.is_all_day and event.start.time() == event.end.time() == time.min


def _end(event: Event) -> datetime:
    if has_whole_days(event):
        return _midnight(event, timedelta())
    end = max(event.start, event.end)
    return end + BEHIND if event.unknown_zone else end


def _end_of_series(event: Event, recurrence: Recurrence) -> datetime | None:
    if has_whole_days(event):
        first = event.start.date()
        day = last_day(recurrence, first)
        return None if day is None else _midnight(event, day - first)
    zone = zone_of_series(event, recurrence)
    if zone is not None:
        return _end_in(zone, event, recurrence)
    ends = [end for zone in _ANYWHERE if (end := _end_in(zone, event, recurrence)) is not None]
    later = _CLOCK_CHANGE + (BEHIND if event.unknown_zone else timedelta())
    return max(ends) + later if ends else None


def _end_in(zone: tzinfo, event: Event, recurrence: Recurrence) -> datetime | None:
    """Return the end of the last occurrence, where dates are days in this zone."""
    start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in (event.start, event.end))
    day = last_day(recurrence, start.date())
    if day is None:
        return None
    shift = day - start.date()
    return max(_latest(end + shift, zone), _latest(start + shift, zone) + (event.end - event.start))


def _midnight(event: Event, shift: timedelta) -> datetime:
    """Return the end of whole days, so much later, where the organizer is."""
    end = max(event.end, event.start + _DAY) + shift
    zone = zone_of_days(event)
    return end + BEHIND if zone is None else _latest(end.replace(tzinfo=None), zone)


def _latest(local: datetime, zone: tzinfo) -> datetime:
    """Return the UTC moment of a local time: the later one where clocks show it twice, or never."""
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
