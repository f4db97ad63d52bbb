from datetime import UTC, datetime

import pytest

from sandbox.demo.board import Row, news, standing
from sandbox.demo.happenings import Happenings, by_event
from sandbox.demo.scenes import Ending
from tests.sandbox.demo.record import (
    ADDED,
    BUSY,
    COPY,
    KEY,
    ONLINE,
    call,
    lifecycle_post,
    line,
    meeting,
    post,
)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([], ("queued", "", None), id="on its way"),
        pytest.param([BUSY, COPY], ("queued", "", None), id="copies step aside"),
        pytest.param([("delayed", "throttled"), BUSY], ("delayed", "throttled", 31.0), id="Graph makes it wait"),
        pytest.param([("delayed", "throttled"), ADDED, ONLINE, COPY], (*ADDED, None), id="settled"),
    ],
)  # fmt: skip
def test_a_meeting_stands_as_an_onlooker_would_put_it(
    told: list[Ending], expected: tuple[str, str, float | None]
) -> None:
    """The last step of its story, or else what it waits for."""
    so_far = Happenings(
        lines=[line(one, again_in_seconds=31.0) for one in told], notices=[{"changeType": "created"}]
    )

    assert standing(so_far) == expected


def test_only_changes_of_standing_are_news() -> None:
    """A row that is new, or stands otherwise; not one that merely cost another call."""
    same = _row("queued", calls=0)
    assert news([same, same], [_row("queued", calls=1), _row("enabled"), _row("planned")]) == [
        _row("enabled"),
        _row("planned"),
    ]


def test_the_record_is_sorted_by_event() -> None:
    """Lines, calls and each notification of a POST."""
    posts = [post("1", "2"), lifecycle_post("missed")]
    found = by_event([line(ADDED, 3), {"event": "rules.loaded"}], [call()], posts)

    assert list(found) == [KEY]
    assert [len(found[KEY].lines), len(found[KEY].calls), len(found[KEY].notices)] == [1, 1, 2]


def _row(outcome: str, calls: int = 0) -> Row:
    return Row(
        planned_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
        meeting=_MEETING,
        told=1,
        looks=0,
        calls=calls,
        outcome=outcome,
    )


_MEETING = meeting(ADDED)
