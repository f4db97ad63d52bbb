from datetime import UTC, datetime, timedelta

from shared.worker.reads import CLOCK_SKEW, RecentReads

RECEIVED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_read_that_began_later_has_seen_the_change() -> None:
    """Then a message about the change has nothing to add."""
    reads = RecentReads()
    reads.note("ada", "event", RECEIVED + CLOCK_SKEW + SECOND)

    assert reads.since("ada", "event", RECEIVED)


def test_a_read_that_may_have_begun_earlier_has_not() -> None:
    """Clocks of two instances differ a little; in doubt the event is read once more."""
    reads = RecentReads()
    reads.note("ada", "event", RECEIVED + CLOCK_SKEW)

    assert not reads.since("ada", "event", RECEIVED)


def test_events_are_told_apart_by_mailbox_and_case() -> None:
    """Ids are case-sensitive, and each mailbox has its own copy."""
    reads = RecentReads()
    reads.note("ada", "AAMk", RECEIVED + timedelta(hours=1))

    assert not reads.since("bo", "AAMk", RECEIVED)
    assert not reads.since("ada", "aamk", RECEIVED)


def test_memory_is_bounded() -> None:
    """The oldest of more than 20,000 reads is forgotten: its event is read once more, no harm done."""
    reads = RecentReads()
    for n in range(20_001):
        reads.note("ada", f"event-{n}", RECEIVED + timedelta(hours=1))

    assert not reads.since("ada", "event-0", RECEIVED)
    assert reads.since("ada", "event-1", RECEIVED)
