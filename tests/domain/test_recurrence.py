from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given, settings, strategies as st

from shared.domain.ending import last_end
from shared.domain.event import Event, Recurrence
from shared.domain.recurrence import WEEKDAYS

START = datetime(2026, 1, 5, 9, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)


def series(start: datetime = START, **recurrence: Any) -> Event:
    start = start.astimezone(UTC)
    return Event(
        id="e",
        etag="w",
        type="seriesMaster",
        start=start,
        end=start + HOUR,
        recurrence=Recurrence(**recurrence),
    )


@pytest.mark.parametrize(
    ("recurrence", "last"),
    [
        pytest.param({"pattern": "daily", "occurrences": 1}, date(2026, 1, 5), id="once"),
        pytest.param({"pattern": "daily", "occurrences": 10}, date(2026, 1, 14), id="ten days"),
        pytest.param({"pattern": "daily", "interval": 3, "range_end": date(2026, 1, 13)}, date(2026, 1, 11), id="every third day"),
        pytest.param({"pattern": "weekly", "days_of_week": ("monday", "friday"), "occurrences": 4}, date(2026, 1, 16), id="two days a week"),
        pytest.param({"pattern": "weekly", "days_of_week": ("monday",), "range_end": date(2026, 2, 1)}, date(2026, 1, 26), id="ends between two"),
        pytest.param({"pattern": "weekly", "interval": 2, "days_of_week": ("monday", "sunday"), "first_day_of_week": "monday", "occurrences": 3}, date(2026, 1, 19), id="the week begins on Monday"),
        pytest.param({"pattern": "weekly", "interval": 2, "days_of_week": ("monday", "sunday"), "first_day_of_week": "sunday", "occurrences": 2}, date(2026, 1, 18), id="the week begins on Sunday"),
        pytest.param({"pattern": "absoluteMonthly", "day_of_month": 31, "occurrences": 2}, date(2026, 2, 28), id="the 31st of February is its last day"),
        pytest.param({"pattern": "absoluteMonthly", "day_of_month": 31, "range_end": date(2026, 4, 30)}, date(2026, 4, 30), id="the 31st of April too"),
        pytest.param({"pattern": "relativeMonthly", "days_of_week": ("tuesday",), "index": "last", "occurrences": 2}, date(2026, 2, 24), id="last Tuesday"),
        pytest.param({"pattern": "relativeMonthly", "days_of_week": WEEKDAYS[:5], "index": "first", "occurrences": 2}, date(2026, 3, 2), id="first working day, the first of which lies before the start"),
        pytest.param({"pattern": "absoluteYearly", "month": 2, "day_of_month": 29, "occurrences": 3}, date(2028, 2, 29), id="leap day"),
        pytest.param({"pattern": "absoluteYearly", "month": 2, "day_of_month": 29, "occurrences": 2}, date(2027, 2, 28), id="leap day in other years"),
        pytest.param({"pattern": "relativeYearly", "month": 11, "days_of_week": ("thursday",), "index": "fourth", "range_end": date(2027, 12, 1)}, date(2027, 11, 25), id="fourth Thursday of November"),
    ],
)  # fmt: skip
def test_a_series_ends_with_its_last_occurrence(recurrence: dict[str, Any], last: date) -> None:
    """Each of Graph's patterns, by count and by date."""
    assert last_end(series(**recurrence)) == datetime(last.year, last.month, last.day, 10, tzinfo=UTC)


def test_a_single_event_ends_at_its_end() -> None:
    """It has no recurrence."""
    event = Event(id="e", etag="w", start=START, end=START + HOUR)

    assert last_end(event) == START + HOUR


@pytest.mark.parametrize(
    "recurrence",
    [
        pytest.param({"pattern": "daily"}, id="no end"),
        pytest.param({"pattern": "lunar", "occurrences": 3}, id="a pattern that Graph may add"),
        pytest.param({"pattern": "daily", "occurrences": 10**12}, id="beyond the calendar"),
        pytest.param({"pattern": "daily", "interval": 10**9, "occurrences": 2}, id="a huge interval"),
        pytest.param({"pattern": "", "occurrences": 3}, id="no pattern"),
        pytest.param({"pattern": "daily", "occurrences": 0}, id="no occurrence"),
        pytest.param({"pattern": "daily", "occurrences": -1}, id="fewer than no occurrence"),
        pytest.param({"pattern": "daily", "interval": 0, "occurrences": 3}, id="interval of 0"),
        pytest.param({"pattern": "daily", "interval": -2, "occurrences": 3}, id="interval below 0"),
        pytest.param({"pattern": "daily", "range_end": date(2025, 1, 1)}, id="ends before it begins"),
        pytest.param({"pattern": "daily", "range_end": date(1, 1, 1)}, id="ends on Graph's filler date"),
        pytest.param({"pattern": "weekly", "occurrences": 3}, id="weekly on no day"),
        pytest.param({"pattern": "weekly", "days_of_week": ("funday",), "occurrences": 3}, id="a day that is none"),
        pytest.param({"pattern": "weekly", "days_of_week": ("monday", ""), "occurrences": 3}, id="a day that is empty"),
        pytest.param({"pattern": "weekly", "days_of_week": ("monday",), "first_day_of_week": "x", "occurrences": 3}, id="a week that begins on no day"),
        pytest.param({"pattern": "absoluteMonthly", "day_of_month": 0, "occurrences": 3}, id="day 0"),
        pytest.param({"pattern": "absoluteMonthly", "day_of_month": 32, "occurrences": 3}, id="day 32"),
        pytest.param({"pattern": "absoluteYearly", "month": 2, "day_of_month": 30, "occurrences": 3}, id="30 February"),
        pytest.param({"pattern": "absoluteYearly", "month": 0, "day_of_month": 3, "occurrences": 3}, id="month 0"),
        pytest.param({"pattern": "absoluteYearly", "month": 13, "day_of_month": 3, "occurrences": 3}, id="month 13"),
        pytest.param({"pattern": "relativeMonthly", "index": "first", "occurrences": 3}, id="the first of no day"),
        pytest.param({"pattern": "relativeMonthly", "days_of_week": ("monday",), "index": "fifth", "occurrences": 3}, id="the fifth Monday"),
        pytest.param({"pattern": "relativeYearly", "days_of_week": ("monday",), "occurrences": 3}, id="a Monday of no month"),
    ],
)  # fmt: skip
def test_a_series_whose_end_is_not_known_never_ends(recurrence: dict[str, Any]) -> None:
    """Numbers that contradict the type or Graph's documentation define no end."""
    assert last_end(series(**recurrence)) is None


def test_occurrences_keep_their_local_time_when_clocks_change() -> None:
    """Nine in Berlin is eight in UTC in winter and seven in summer."""
    start = datetime(2026, 3, 23, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    event = series(
        start, pattern="weekly", days_of_week=("monday",), occurrences=2, time_zone="W. Europe Standard Time"
    )

    assert last_end(event) == datetime(2026, 3, 30, 8, tzinfo=UTC)


def test_dates_are_days_in_the_zone_of_the_recurrence() -> None:
    """Monday evening in Los Angeles is Tuesday in UTC."""
    start = datetime(2026, 1, 5, 20, tzinfo=ZoneInfo("America/Los_Angeles"))
    zone = {"time_zone": "Pacific Standard Time"}
    event = series(start, pattern="weekly", days_of_week=("monday",), range_end=date(2026, 1, 12), **zone)

    assert last_end(event) == datetime(2026, 1, 13, 5, tzinfo=UTC)


def test_a_series_in_a_custom_zone_does_not_end_too_early() -> None:
    """The zone is not known, and the last Monday evening may be Tuesday in UTC."""
    start = datetime(2026, 1, 5, 18, tzinfo=timezone(timedelta(hours=-8)))
    zone = {"time_zone": "tzone://Microsoft/Custom"}
    event = series(start, pattern="weekly", days_of_week=("monday",), range_end=date(2026, 2, 2), **zone)
    end = last_end(event)

    assert end is not None
    assert end >= datetime(2026, 2, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("recurrence", "last"),
    [
        pytest.param(
            {"pattern": "daily", "range_end": date(9999, 12, 30)}, date(9999, 12, 30), id="to the end of time"
        ),
        pytest.param(
            {"pattern": "daily", "occurrences": 2_900_000}, date(9965, 12, 10), id="millions of days"
        ),
    ],
)
def test_a_hostile_series_is_not_counted_one_by_one(recurrence: dict[str, Any], last: date) -> None:
    """The time does not depend on the number of occurrences."""
    assert last_end(series(**recurrence)) == datetime(last.year, last.month, last.day, 10, tzinfo=UTC)


_RULES: dict[str, Any] = {
    "daily": rrule.DAILY,
    "weekly": rrule.WEEKLY,
    "relativeMonthly": rrule.MONTHLY,
    "relativeYearly": rrule.YEARLY,
}
_DAYS = (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)
_POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}


@settings(max_examples=200, deadline=None)
@given(
    pattern=st.sampled_from(sorted(_RULES)),
    interval=st.integers(1, 5),
    days=st.sets(st.integers(0, 6), min_size=1),
    index=st.sampled_from(sorted(_POSITIONS)),
    week_start=st.integers(0, 6),
    first=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    count=st.integers(1, 40) | st.none(),
    length=st.integers(0, 2000),
)
def test_the_arithmetic_agrees_with_dateutil(
    *, pattern: str, interval: int, days: set[int], index: str, week_start: int, first: date, count: int | None, length: int
) -> None:  # fmt: skip
    """For patterns that dateutil supports, both return the same last day."""
    until = None if count else first + timedelta(days=length)
    start = datetime(first.year, first.month, first.day, 9, tzinfo=UTC)
    relative = pattern.startswith("relative")
    oracle = rrule.rrule(
        _RULES[pattern],
        dtstart=start,
        interval=interval,
        wkst=week_start,
        byweekday=None if pattern == "daily" else [_DAYS[day] for day in days],
        bysetpos=_POSITIONS[index] if relative else None,
        bymonth=first.month if pattern == "relativeYearly" else None,
        count=count,
        until=until and datetime(until.year, until.month, until.day, 23, tzinfo=UTC),
    )
    event = series(
        start,
        pattern=pattern,
        interval=interval,
        days_of_week=tuple(WEEKDAYS[day] for day in sorted(days)),
        index=index,
        month=first.month if pattern == "relativeYearly" else 0,
        first_day_of_week=WEEKDAYS[week_start],
        occurrences=count,
        range_end=until,
    )
    expected = list(oracle) or [start]

    assert last_end(event) == expected[-1] + HOUR
