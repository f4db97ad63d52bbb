from datetime import UTC, datetime, timedelta

import pytest

from shared.worker.common.recent_reads import MARGIN, AnsweredRead, RecentReads, earliest_start

QUEUED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def test_a_read_for_a_message_taken_later_has_seen_the_change() -> None:
    """Then a message about the change has nothing to add."""
    reads = RecentReads()
    reads.note("ada", AnsweredRead(frozenset({"event"})), QUEUED + MARGIN + SECOND)

    assert reads.since("ada", "event", QUEUED)


@pytest.mark.parametrize(
    ("taken", "queued"),
    [
        pytest.param(QUEUED + MARGIN, QUEUED, id="about the same moment"),
        pytest.param(None, QUEUED, id="nobody knows when it was taken"),
        pytest.param(QUEUED + HOUR, None, id="nobody knows when it was queued"),
    ],
)
def test_in_doubt_the_event_is_read_once_more(taken: datetime | None, queued: datetime | None) -> None:
    """A read that may have begun before the change has not seen it."""
    reads = RecentReads()
    reads.note("ada", AnsweredRead(frozenset({"event"})), taken)

    assert not reads.since("ada", "event", queued)


def test_an_earlier_read_does_not_hide_a_later_one() -> None:
    """Threads end in any order."""
    reads = RecentReads()
    reads.note("ada", AnsweredRead(frozenset({"event"})), QUEUED + HOUR)
    reads.note("ada", AnsweredRead(frozenset({"event"})), QUEUED - HOUR)

    assert reads.since("ada", "event", QUEUED)


def test_events_are_told_apart_by_mailbox_and_case() -> None:
    """Ids are case-sensitive, and each mailbox has its own copy."""
    reads = RecentReads()
    reads.note("ada", AnsweredRead(frozenset({"AAMk"})), QUEUED + HOUR)

    assert not reads.since("bo", "AAMk", QUEUED)
    assert not reads.since("ada", "aamk", QUEUED)


def test_memory_is_bounded() -> None:
    """The oldest of more than 20,000 reads is forgotten: its event is read once more, no harm done."""
    reads = RecentReads()
    for n in range(20_001):
        reads.note("ada", AnsweredRead(frozenset({f"event-{n}"})), QUEUED + HOUR)

    assert not reads.since("ada", "event-0", QUEUED)
    assert reads.since("ada", "event-1", QUEUED)


def test_a_read_that_came_to_nothing_is_forgotten() -> None:
    """Its message comes again, and is looked at anew."""
    reads = RecentReads()
    read = AnsweredRead(frozenset({"event", "master"}))
    reads.note("ada", read, QUEUED + HOUR)
    reads.forget("ada", read)

    assert not reads.since("ada", "master", QUEUED)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        pytest.param("Sun, 22 Nov 2026 08:00:00 GMT", QUEUED - timedelta(seconds=8), id="three seconds, five of doubt"),
        pytest.param("Sun, 22 Nov 2026 08:00:00 -0000", QUEUED - timedelta(seconds=8), id="no offset is UTC"),
        pytest.param("", None, id="no Date"),
        pytest.param("soon", None, id="nonsense"),
    ],
)  # fmt: skip
def test_graphs_date_tells_when_a_read_began_at_the_earliest(date: str, expected: datetime | None) -> None:
    """Where the host does not say when it took the message."""
    assert expected == earliest_start(date, timedelta(seconds=3))
