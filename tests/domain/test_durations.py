from datetime import timedelta

import pytest

from shared.domain.durations import UNITS, parse_duration

ALL = tuple(UNITS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("250ms", timedelta(milliseconds=250), id="milliseconds"),
        pytest.param("90s", timedelta(seconds=90), id="seconds"),
        pytest.param("15m", timedelta(minutes=15), id="minutes"),
        pytest.param("24h", timedelta(hours=24), id="hours"),
        pytest.param("7d", timedelta(days=7), id="days"),
        pytest.param("0s", timedelta(0), id="zero"),
        pytest.param("9999999d", timedelta(days=9_999_999), id="the longest"),
        pytest.param("10000000d", None, id="too many digits"),
        pytest.param("", None, id="empty"),
        pytest.param("15", None, id="no unit"),
        pytest.param("m", None, id="no number"),
        pytest.param("15w", None, id="an unknown unit"),
        pytest.param("15M", None, id="a capital letter"),
        pytest.param("1h30m", None, id="two units"),
        pytest.param("1.5h", None, id="a fraction"),
        pytest.param("-1h", None, id="a sign"),
        pytest.param(" 15m", None, id="a space"),
        pytest.param("15m\n", None, id="a line break"),
        pytest.param("\u0661\u0665m", None, id="digits of another script"),
    ],
)
def test_a_duration_is_a_number_with_one_unit(text: str, expected: timedelta | None) -> None:
    """Everything else is not a duration, so that each caller can say what it accepts."""
    assert parse_duration(text, units=ALL) == expected


@pytest.mark.parametrize("unit", ALL)
def test_a_caller_names_the_units_that_it_accepts(unit: str) -> None:
    """A setting takes no days, and a rule takes no milliseconds."""
    others = tuple(other for other in ALL if other != unit)

    assert parse_duration(f"5{unit}", units=(unit,)) == 5 * UNITS[unit]
    assert parse_duration(f"5{unit}", units=others) is None
