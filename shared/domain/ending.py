"""Computes when an event has ended; for a series, when its last occurrence has.

The result is never too early. If the time zone is not known, it is the latest time that any zone allows.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

from shared.domain.event import Event, Recurrence
from shared.domain.recurrence import last_day
from shared.domain.timezones import find_zone

_DAY = timedelta(days=1)
#: how far clocks are behind UTC at most
_MAX_BEHIND_UTC = timedelta(hours=12)
#: in these zones, a moment is on each local day that it can be on
_ALL_LOCAL_DAYS = (timezone(-_MAX_BEHIND_UTC), UTC, timezone(timedelta(hours=14)))
#: how much a clock change may delay a local time; the maximum is two hours, in Antarctica
_CLOCK_CHANGE = timedelta(hours=2)


def last_end(event: Event) -> datetime | None:
    """Return the end of the event in UTC, for a series of its last occurrence; None if it never ends.

    An all-day event ends with the organizer's day. Occurrences keep their local times when clocks change. A
    series never ends if its numbers contradict each other, or if it goes beyond the year 9999.

    A series may have an occurrence that was moved behind its last one; it counts if it was read
    (`with_occurrence`).
    """
    end = _planned_end(event)
    return end if end is None or event.occurrence_end is None else max(end, event.occurrence_end)


def with_occurrence(series: Event, occurrence: Event) -> Event:
    """Return the series with the end of one of its occurrences, which may have been moved on its own."""
    in_zone = replace(occurrence, original_zone=occurrence.original_zone or series.original_zone)
    end = None if occurrence.is_cancelled else last_end(in_zone)
    if end is None:
        return series
    return replace(series, occurrence_end=max(end, series.occurrence_end or end))


def seems_over(event: Event, now: datetime) -> bool:
    """Whether the event is a series that has ended, unless it has moved occurrences that were not read."""
    end = last_end(event) if event.recurrence is not None else None
    return end is not None and end <= now


def _planned_end(event: Event) -> datetime | None:
    try:
        if event.recurrence is not None:
            return _end_of_series(event, event.recurrence)
        return None if event.type == "seriesMaster" else _end(event)
    except (OverflowError, ValueError):  # beyond the year 9999
        return None


def is_endless(event: Event) -> bool:
    """Whether the event is a series that is defined without an end."""
    recurrence = event.recurrence
    return (
        recurrence is not None
        and recurrence.range_type == "noEnd"
        and recurrence.range_end is None
        and recurrence.occurrences is None
    )


def zone_of_days(event: Event) -> tzinfo | None:
    """Return the zone in which the organizer's days begin and end; None if it is not known."""
    named = find_zone(event.original_zone)
    if named is None and event.recurrence is not None:
        return find_zone(event.recurrence.time_zone)
    return named


def zone_of_series(event: Event, recurrence: Recurrence) -> tzinfo | None:
    """Return the zone in which the dates of a series are days; None if it is not known."""
    return None if event.unknown_zone else find_zone(recurrence.time_zone) or find_zone(event.original_zone)


def has_whole_days(event: Event) -> bool:
    """Whether the event is an all-day event that lasts from midnight to midnight, in any zone."""
    return event.is_all_day and event.start.time() == event.end.time() == time.min


def _end(event: Event) -> datetime:
    if has_whole_days(event):
        return _midnight(event, timedelta())
    end = max(event.start, event.end)
    return end + _MAX_BEHIND_UTC if event.unknown_zone else end


def _end_of_series(event: Event, recurrence: Recurrence) -> datetime | None:
    if has_whole_days(event):
        first = event.start.date()
        day = last_day(recurrence, first)
        return None if day is None else _midnight(event, day - first)
    zone = zone_of_series(event, recurrence)
    if zone is not None:
        return _end_in(zone, event, recurrence)
    ends = [end for zone in _ALL_LOCAL_DAYS if (end := _end_in(zone, event, recurrence)) is not None]
    later = _CLOCK_CHANGE + (_MAX_BEHIND_UTC if event.unknown_zone else timedelta())
    return max(ends) + later if ends else None


def _end_in(zone: tzinfo, event: Event, recurrence: Recurrence) -> datetime | None:
    """Return the end of the last occurrence if the dates of the series are days in this zone."""
    start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in (event.start, event.end))
    day = last_day(recurrence, start.date())
    if day is None:
        return None
    shift = day - start.date()
    return max(_latest(end + shift, zone), _latest(start + shift, zone) + (event.end - event.start))


def _midnight(event: Event, shift: timedelta) -> datetime:
    """Return the end of an all-day event in the organizer's zone, shifted by whole days."""
    end = max(event.end, event.start + _DAY) + shift
    zone = zone_of_days(event)
    return end + _MAX_BEHIND_UTC if zone is None else _latest(end.replace(tzinfo=None), zone)


def _latest(local: datetime, zone: tzinfo) -> datetime:
    """Return the UTC time of a local time; the later one if clocks show the local time twice, or never."""
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
