from datetime import UTC, datetime, timedelta

import pytest

from shared.worker.common.ending import AnsweredRead
from shared.worker.events.recent_reads import MARGIN, RecentReads, earliest_start

QUEUED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def test_a_read_for_a_message_taken_later_has_seen_the_change() -> None:
    """Then a message about that change needs no further read."""
    reads = RecentReads()
    reads.note("ada", AnsweredRead(frozenset({"event"})), QUEUED + MARGIN + SECOND)

    assert reads.since("ada", "event", QUEUED)


@pytest.mark.parametrize(
    ("taken", "queued"),
    [
        pytest.param(QUEUED + MARGIN, QUEUED, id="about the same moment"),
        pytest.param(None, QUEUED, id="the host does not say when it was dequeued"),
        pytest.param(QUEUED + HOUR, None, id="the host does not say when it was queued"),
    ],
)
def test_in_doubt_the_event_is_read_again(taken: datetime | None, queued: datetime | None) -> None:
    """A read that may have begun before the change may not have seen it."""
    reads = RecentReads()
    reads.note("ada", AnsweredRead(frozenset({"event"})), taken)

    assert not reads.since("ada", "event", queued)


def test_an_earlier_read_does_not_hide_a_later_one() -> None:
    """Threads finish in any order."""
    reads = RecentReads()
    reads.note("ada", AnsweredRead(frozenset({"event"})), QUEUED + HOUR)
    reads.note("ada", AnsweredRead(frozenset({"event"})), QUEUED - HOUR)

    assert reads.since("ada", "event", QUEUED)


def test_mailbox_and_case_distinguish_events() -> None:
    """Ids are case-sensitive, and each mailbox has its own copy."""
    reads = RecentReads()
    reads.note("ada", AnsweredRead(frozenset({"AAMk"})), QUEUED + HOUR)

    assert not reads.since("bo", "AAMk", QUEUED)
    assert not reads.since("ada", "aamk", QUEUED)


def test_memory_is_bounded() -> None:
    """Beyond 20,000 events the oldest is forgotten; a copy of its message costs one more read."""
    reads = RecentReads()
    for n in range(20_001):
        reads.note("ada", AnsweredRead(frozenset({f"event-{n}"})), QUEUED + HOUR)

    assert not reads.since("ada", "event-0", QUEUED)
    assert reads.since("ada", "event-1", QUEUED)


def test_a_read_whose_ending_failed_is_forgotten() -> None:
    """The host delivers its message again, and the event is read again."""
    reads = RecentReads()
    read = AnsweredRead(frozenset({"event", "master"}))
    reads.note("ada", read, QUEUED + HOUR)
    reads.forget("ada", read)

    assert not reads.since("ada", "master", QUEUED)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        pytest.param("Sun, 22 Nov 2026 08:00:00 GMT", QUEUED - timedelta(seconds=8), id="minus three seconds of reading and five of clock difference"),
        pytest.param("Sun, 22 Nov 2026 08:00:00 -0000", QUEUED - timedelta(seconds=8), id="no offset is UTC"),
        pytest.param("", None, id="no Date"),
        pytest.param("soon", None, id="not a date"),
    ],
)  # fmt: skip
def test_graphs_date_bounds_the_start_of_a_read(date: str, expected: datetime | None) -> None:
    """It is used if the host does not say when it dequeued the message."""
    assert expected == earliest_start(date, timedelta(seconds=3))
