from typing import Any

import pytest

from sandbox.graph import recurrence

NUMBERED = {"type": "numbered", "numberOfOccurrences": 3}


@pytest.mark.parametrize(
    ("pattern", "first", "expected"),
    [
        pytest.param(
            {"type": "daily", "interval": 2},
            "2026-11-29",
            ["2026-11-29", "2026-12-01", "2026-12-03"],
            id="every other day",
        ),
        pytest.param(
            {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "friday"]},
            "2026-11-24",
            ["2026-11-27", "2026-11-30", "2026-12-04"],
            id="two days a week, first one already past",
        ),
        pytest.param(
            {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"], "firstDayOfWeek": "sunday"},
            "2026-11-22",
            ["2026-11-22", "2026-11-23", "2026-12-06"],
            id="fortnightly, week from Sunday",
        ),
        pytest.param(
            {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"], "firstDayOfWeek": "monday"},
            "2026-11-22",
            ["2026-11-22", "2026-11-30", "2026-12-06"],
            id="fortnightly, week from Monday",
        ),
        pytest.param(
            {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
            "2026-10-31",
            ["2026-10-31", "2026-11-30", "2026-12-31"],
            id="the 31st, or the last day",
        ),
        pytest.param(
            {"type": "relativeMonthly", "interval": 3, "daysOfWeek": ["friday"], "index": "last"},
            "2026-10-01",
            ["2026-10-30", "2027-01-29", "2027-04-30"],
            id="last Friday of every quarter",
        ),
        pytest.param(
            {"type": "absoluteYearly", "interval": 1, "month": 3, "dayOfMonth": 1},
            "2026-11-01",
            ["2027-03-01", "2028-03-01", "2029-03-01"],
            id="yearly, this year's past",
        ),
        pytest.param(
            {
                "type": "relativeYearly",
                "interval": 1,
                "month": 11,
                "daysOfWeek": ["thursday"],
                "index": "fourth",
            },
            "2026-11-01",
            ["2026-11-26", "2027-11-25", "2028-11-23"],
            id="fourth Thursday of November",
        ),
    ],
)
def test_a_pattern_gives_its_days(pattern: dict[str, Any], first: str, expected: list[str]) -> None:
    """For each type of pattern."""
    series = {"pattern": pattern, "range": {**NUMBERED, "startDate": first}}

    assert expected == [day.isoformat() for day in recurrence.days(series)]


def test_an_end_date_is_the_last_day() -> None:
    """The range includes it."""
    extent = {"type": "endDate", "startDate": "2026-11-24", "endDate": "2026-11-26"}

    assert len(list(recurrence.days({"pattern": {"type": "daily", "interval": 1}, "range": extent}))) == 3
