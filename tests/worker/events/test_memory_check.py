from datetime import UTC, datetime, timedelta

import pytest

from shared.storage.memory_marker import MemoryMarker
from shared.worker.events.memory_check import MemoryCheck

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Marker(MemoryMarker):
    """A marker that exists or not, and counts how often it is looked up."""

    def __init__(self, *, is_there: bool) -> None:
        self.is_there = is_there
        self.lookups = 0

    def exists(self) -> bool:
        self.lookups += 1
        return self.is_there


@pytest.mark.parametrize(
    ("is_whole", "wait", "lookups"),
    [
        pytest.param(True, timedelta(minutes=3, seconds=-1), 1, id="a whole memory counts for three minutes"),
        pytest.param(True, timedelta(minutes=3), 2, id="then it is looked up again"),
        pytest.param(False, timedelta(seconds=29), 1, id="a missing memory counts for 30 seconds"),
        pytest.param(False, timedelta(seconds=30), 2, id="then it is looked up again, too"),
        pytest.param(True, timedelta(seconds=-1), 2, id="the clock was set back"),
    ],
)
def test_the_marker_is_looked_up_now_and_then(is_whole: bool, wait: timedelta, lookups: int) -> None:
    """Most writes need no call for it, and a restored memory counts soon."""
    marker, now = Marker(is_there=is_whole), [START]
    check = MemoryCheck(marker, lambda: now[0])
    answers = [check.is_whole()]
    now[0] += wait
    answers.append(check.is_whole())

    assert answers == [is_whole] * 2
    assert marker.lookups == lookups


def test_a_lost_memory_is_noticed() -> None:
    """After three minutes at most; until then the table itself refuses the record of a write."""
    marker, now = Marker(is_there=True), [START]
    check = MemoryCheck(marker, lambda: now[0])
    check.is_whole()
    marker.is_there = False
    now[0] += timedelta(minutes=3)

    assert not check.is_whole()
