from datetime import UTC, datetime, timedelta

from shared.worker.reads import CLOCK_SKEW, Read, RecentReads

RECEIVED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_read_that_began_later_has_seen_the_change() -> None:
    """Then a message about the change has nothing to add."""
    reads = RecentReads()
    reads.note("ada", Read(RECEIVED + CLOCK_SKEW + SECOND, frozenset({"event"})))

    assert reads.since("ada", "event", RECEIVED)


def test_a_read_that_may_have_begun_earlier_has_not() -> None:
    """Clocks of two instances differ a little; in doubt the event is read once more."""
    reads = RecentReads()
    reads.note("ada", Read(RECEIVED + CLOCK_SKEW, frozenset({"event"})))

    assert not reads.since("ada", "event", RECEIVED)


def test_events_are_told_apart_by_mailbox_and_case() -> None:
    """Ids are case-sensitive, and each mailbox has its own copy."""
    reads = RecentReads()
    reads.note("ada", Read(RECEIVED + timedelta(hours=1), frozenset({"AAMk"})))

    assert not reads.since("bo", "AAMk", RECEIVED)
    assert not reads.since("ada", "aamk", RECEIVED)


def test_memory_is_bounded() -> None:
    """The oldest of more than 20,000 reads is forgotten: its event is read once more, no harm done."""
    reads = RecentReads()
    for n in range(20_001):
        reads.note("ada", Read(RECEIVED + timedelta(hours=1), frozenset({f"event-{n}"})))

    assert not reads.since("ada", "event-0", RECEIVED)
    assert reads.since("ada", "event-1", RECEIVED)


def test_a_read_that_came_to_nothing_is_forgotten() -> None:
    """Its message comes again, and is looked at anew."""
    reads = RecentReads()
    read = Read(RECEIVED + timedelta(hours=1), frozenset({"event", "master"}))
    reads.note("ada", read)
    reads.forget("ada", read)

    assert not reads.since("ada", "master", RECEIVED)
