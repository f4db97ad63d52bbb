from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given, settings, strategies as st

from shared.domain.ending import is_endless, last_end, seems_over, with_occurrence
from shared.domain.event import Event, Recurrence
from shared.domain.recurrence import WEEKDAYS

DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
CUSTOM = "tzone://Microsoft/Custom"


def event(**changes: Any) -> Event:
    plain = {"id": "e", "etag": "w", "start": MIDNIGHT, "end": MIDNIGHT + DAY}
    return Event(**{**plain, **changes})


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        pytest.param("Pacific Standard Time", datetime(2026, 11, 25, 8, tzinfo=UTC), id="west of Greenwich"),
        pytest.param("Asia/Tokyo", datetime(2026, 11, 24, 15, tzinfo=UTC), id="east of Greenwich"),
        pytest.param("UTC", datetime(2026, 11, 25, tzinfo=UTC), id="UTC"),
        pytest.param("", datetime(2026, 11, 25, 12, tzinfo=UTC), id="no zone"),
        pytest.param(CUSTOM, datetime(2026, 11, 25, 12, tzinfo=UTC), id="not known"),
    ],
)
def test_an_all_day_event_ends_with_the_organizers_day(zone: str, end: datetime) -> None:
    """If the zone is not known, the event ends when the day has ended everywhere."""
    recurrence = Recurrence(pattern="daily", occurrences=1, time_zone=zone)

    assert last_end(event(is_all_day=True, original_zone=zone)) == end
    assert last_end(event(is_all_day=True, original_zone=zone, recurrence=recurrence)) == end


def test_an_all_day_event_without_duration_lasts_a_day() -> None:
    """Its times contradict each other, and it must not end before it begins."""
    assert last_end(event(is_all_day=True, end=MIDNIGHT, original_zone="UTC")) == MIDNIGHT + DAY
    assert last_end(event(end=MIDNIGHT - DAY)) == MIDNIGHT


def test_an_event_in_an_unknown_zone_ends_when_it_has_ended_in_every_zone() -> None:
    """Its local times are marked as UTC."""
    assert last_end(event(unknown_zone=CUSTOM)) == MIDNIGHT + DAY + timedelta(hours=12)


@pytest.mark.parametrize("zone", ["", CUSTOM])
def test_a_series_without_a_zone_uses_the_events_zone(zone: str) -> None:
    """Its last Monday at 17:00 in Los Angeles is Tuesday in UTC."""
    start = datetime(2026, 11, 3, 1, tzinfo=UTC)
    recurrence = Recurrence(
        pattern="weekly",
        days_of_week=("monday",),
        range_end=date(2026, 11, 23),
        range_type="endDate",
        time_zone=zone,
    )
    found = event(
        start=start,
        end=start + timedelta(hours=1),
        recurrence=recurrence,
        original_zone="Pacific Standard Time",
    )

    assert last_end(found) == datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.mark.parametrize(("hour", "latest"), [(1, datetime(2026, 10, 25, 2, tzinfo=UTC)), (2, datetime(2026, 10, 25, 2, tzinfo=UTC))])  # fmt: skip
def test_of_a_time_that_clocks_show_twice_the_later_one_counts(hour: int, latest: datetime) -> None:
    """On 25 October 2026 Berlin has the hour from two to three twice."""
    start = datetime(2026, 10, 18, hour, 30, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    recurrence = Recurrence(
        pattern="weekly", days_of_week=("sunday",), occurrences=2, time_zone="Europe/Berlin"
    )
    end = last_end(event(start=start, end=start + timedelta(minutes=30), recurrence=recurrence))

    assert end is not None
    assert end >= latest - timedelta(hours=1 if hour == 1 else 0)


def test_only_a_series_with_no_end_is_endless() -> None:
    """A series whose end is not known is different."""
    assert is_endless(event(recurrence=Recurrence(pattern="daily")))
    assert not is_endless(event(recurrence=Recurrence(pattern="daily", range_type="endDate")))
    assert not is_endless(event(recurrence=Recurrence(pattern="daily", occurrences=0)))
    assert not is_endless(event())


_OFFSETS = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


@settings(max_examples=200, deadline=None)
@given(
    zone=_OFFSETS,
    pattern=st.sampled_from(["daily", "weekly", "absoluteMonthly"]),
    interval=st.integers(1, 4),
    first=st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 -- local times
    day_of_month=st.integers(1, 28),
    days=st.sets(st.integers(0, 6), min_size=1),
    count=st.integers(1, 20) | st.none(),
    length=st.integers(0, 200),
    is_floating=st.booleans(),
)
def test_a_series_in_an_unknown_zone_never_ends_too_early(
    *,
    zone: timezone,
    pattern: str,
    interval: int,
    first: datetime,
    day_of_month: int,
    days: set[int],
    count: int | None,
    length: int,
    is_floating: bool,
) -> None:
    """For any true zone: our result is not earlier than the last occurrence of dateutil in that zone."""
    frequency: Any = {"daily": rrule.DAILY, "weekly": rrule.WEEKLY, "absoluteMonthly": rrule.MONTHLY}[pattern]
    rule = rrule.rrule(
        frequency,
        dtstart=first,
        interval=interval,
        wkst=6,
        byweekday=sorted(days) if pattern == "weekly" else None,
        bymonthday=day_of_month if pattern == "absoluteMonthly" else None,
        count=count,
        until=None if count else first + timedelta(days=length),
    )
    occurrences = list(rule)
    if not occurrences:
        return
    # A series begins with its first occurrence.
    true_start, true_last = (each.replace(tzinfo=zone) for each in (occurrences[0], occurrences[-1]))
    start = true_start.replace(tzinfo=UTC) if is_floating else true_start.astimezone(UTC)
    recurrence = Recurrence(
        pattern=pattern,
        interval=interval,
        days_of_week=tuple(WEEKDAYS[day] for day in sorted(days)),
        day_of_month=day_of_month,
        occurrences=count,
        range_end=None if count else (first + timedelta(days=length)).date(),
        time_zone=CUSTOM,
    )
    found = event(
        start=start,
        end=start + timedelta(hours=1),
        recurrence=recurrence,
        unknown_zone=CUSTOM if is_floating else "",
    )
    end = last_end(found)

    assert end is None or end >= true_last.astimezone(UTC) + timedelta(hours=1)
    assert end is not None


SERIES = event(type="seriesMaster", original_zone="Asia/Tokyo", recurrence=Recurrence(pattern="daily", occurrences=3, time_zone="Asia/Tokyo"))  # fmt: skip
LAST = MIDNIGHT + 3 * DAY


@pytest.mark.parametrize(
    ("occurrences", "end"),
    [
        pytest.param([], LAST, id="none was read"),
        pytest.param([event(start=LAST + DAY, end=LAST + 2 * DAY)], LAST + 2 * DAY, id="moved behind the last"),
        pytest.param([event(start=LAST + n * DAY, end=LAST + (n + 1) * DAY) for n in (5, 9, 1)], LAST + 10 * DAY, id="the latest of several"),
        pytest.param([event(start=MIDNIGHT - DAY, end=MIDNIGHT)], LAST, id="moved to an earlier time"),
        pytest.param([event(start=LAST + DAY, end=LAST + 2 * DAY, is_cancelled=True)], LAST, id="cancelled"),
        pytest.param([event(start=LAST, end=LAST + DAY, is_all_day=True)], LAST + timedelta(hours=15), id="a day in the zone of the series"),
        pytest.param([event(start=LAST, end=LAST + DAY, unknown_zone=CUSTOM)], LAST + timedelta(hours=36), id="in an unknown zone"),
    ],
)  # fmt: skip
def test_a_series_ends_with_its_last_occurrence_moved_ones_included(
    occurrences: list[Event], end: datetime
) -> None:
    series = SERIES
    for each in occurrences:
        series = with_occurrence(series, each)

    assert last_end(series) == end
    assert seems_over(series, end)
    assert not seems_over(series, end - timedelta(seconds=1))


def test_only_a_series_with_an_end_seems_to_be_over() -> None:
    """A single event has no moved occurrences, and an endless series is never over."""
    later = MIDNIGHT + 4_000 * DAY
    endless = event(type="seriesMaster", recurrence=Recurrence(pattern="daily", range_type="noEnd"))

    assert not seems_over(event(), later)
    assert not seems_over(endless, later)
    assert last_end(with_occurrence(endless, event(start=later, end=later + DAY))) is None
