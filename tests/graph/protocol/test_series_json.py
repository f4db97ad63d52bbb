"""The exceptions of a series in Graph's JSON."""

from typing import Any

import pytest

from shared.errors import UnexpectedAnswer
from shared.graph.protocol.series_json import MOST_EXCEPTIONS, parse_exceptions

GOOD = {
    "id": "x",
    "start": {"dateTime": "2026-12-01T14:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-12-01T15:00:00.0000000", "timeZone": "UTC"},
    "isAllDay": False,
}
KEY = "exceptionOccurrences"


@pytest.mark.parametrize(
    ("answer", "readable", "unreadable"),
    [
        pytest.param({KEY: [GOOD, GOOD]}, 2, 0, id="two"),
        pytest.param({KEY: []}, 0, 0, id="none"),
        pytest.param({KEY: None}, 0, 0, id="null"),
        pytest.param({}, 0, 0, id="no list"),
        pytest.param({KEY: [None, 7, "x", {}, GOOD | {"end": None}, GOOD]}, 1, 5, id="partly unreadable"),
        pytest.param(
            {KEY: [GOOD | {"type": "exception", "attendees": 7}]}, 1, 0, id="odd where nobody asked"
        ),
        pytest.param({KEY: [GOOD], f"{KEY}@odata.nextLink": "https://x"}, 1, 1, id="more on another page"),
        pytest.param({KEY: [GOOD] * (MOST_EXCEPTIONS + 7)}, MOST_EXCEPTIONS, 7, id="too many"),
    ],
)
def test_exceptions_are_read_one_by_one(answer: dict[str, Any], readable: int, unreadable: int) -> None:
    """One that can't be read affects no other, and is counted."""
    found = parse_exceptions({"id": "s", **answer}, "read")

    assert (len(found.events), found.unreadable) == (readable, unreadable)


@pytest.mark.parametrize("odd", [7, "x", {"value": []}, True])
def test_exceptions_that_are_not_a_list_are_refused(odd: object) -> None:
    with pytest.raises(UnexpectedAnswer):
        parse_exceptions({KEY: odd}, "read")
