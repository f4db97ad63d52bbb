import json
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.log_line import MAX_LINE_LENGTH, render

_LOOP: list[object] = []
_LOOP.extend([_LOOP] * 100)


class _Object:
    def __str__(self) -> str:
        return "odd " * 20_000


def line(**keys: object) -> dict[str, Any]:
    text = render(None, "info", {**keys, "event": "event.decided", "level": "info", "timestamp": "now"})
    assert len(text) <= MAX_LINE_LENGTH
    shown: dict[str, Any] = json.loads(text)
    return shown


def test_a_line_that_fits_is_unchanged() -> None:
    """Nothing is shortened."""
    expected = {
        "a": [1, 2.5, None, True],
        "b": "ä" * 100,
        "event": "event.decided",
        "level": "info",
        "timestamp": "now",
    }

    assert expected == line(a=[1, 2.5, None, True], b="ä" * 100)


def test_a_long_list_is_shortened_and_counted() -> None:
    """The first items of traces and request ids stay, with the number of the others."""
    shown = line(traces=[f"{n:036}" for n in range(10_000)], reason="throttled")

    assert shown["reason"] == "throttled"
    assert shown["traces"][0] == "0" * 36
    assert shown["traces"][-1] == f"… and {10_000 - (len(shown['traces']) - 1)} more"


def test_a_long_text_is_shortened_and_counted() -> None:
    """Such as an error's detail of a megabyte."""
    shown = line(detail="x" * 1_000_000)

    assert shown["detail"] == "x" * 4_000 + "… and 996000 more characters"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(math.nan, id="not a number"),
        pytest.param(-math.inf, id="infinite"),
        pytest.param(10**5_000, id="a number of 5,001 digits"),
        pytest.param(_LOOP, id="a list that contains itself"),
        pytest.param({(1, 2): "x"}, id="a key that is not text"),
        pytest.param({f"key-{n}": "x" * 100 for n in range(5_000)}, id="a mapping of 5,000"),
        pytest.param([["x" * 300] * 100] * 100, id="lists of lists"),
        pytest.param(_Object(), id="an object of an unknown class"),
        pytest.param("\ud800" * 40_000, id="lone surrogates"),
        pytest.param("\x00" * 40_000, id="characters that JSON escapes"),
    ],
)
def test_every_line_is_one_short_json_object(value: object) -> None:
    """It always has its name, level and time."""
    shown = line(value=value, **{f"other_{n}": value for n in range(20)})

    assert (shown["event"], shown["level"], shown["timestamp"]) == ("event.decided", "info", "now")


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
            lambda inner: (
                st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.frozensets(st.text())
            ),
            max_leaves=30,
        ),
    ),
    st.integers(min_value=0, max_value=5_000),
)
def test_any_values_give_a_short_json_line(keys: dict[str, object], times: int) -> None:
    """Also if one of them is repeated five thousand times."""
    shown = line(**{f"k{key}": value for key, value in keys.items()}, many=[list(keys)] * times)

    assert shown["event"] == "event.decided"
