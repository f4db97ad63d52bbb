"""Times in options."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from cli.times import parse_time_or_age

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-12-31T09:00Z", datetime(2026, 12, 31, 9, tzinfo=UTC), id="in UTC"),
        pytest.param("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC), id="a date is midnight in UTC"),
        pytest.param(
            "2026-12-31T09:00+02:00",
            datetime(2026, 12, 31, 9, tzinfo=timezone(timedelta(hours=2))),
            id="in a zone",
        ),
        pytest.param("90m", NOW - timedelta(minutes=90), id="an age in minutes"),
        pytest.param("7d", NOW - timedelta(days=7), id="an age in days"),
        pytest.param("9999999d", None, id="an age before the year 1"),
        pytest.param("250ms", None, id="a unit for which an age is too short"),
        pytest.param("noon", None, id="text"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_time_or_an_age_is_parsed(text: str, expected: datetime | None) -> None:
    """None if the text is neither."""
    assert parse_time_or_age(text, NOW) == expected
