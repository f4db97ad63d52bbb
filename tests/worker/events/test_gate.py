from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from shared.worker.events.gate import MAX_WAITING, MailboxGate

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_a_mailbox_takes_three_changes_at_a_time() -> None:
    """Exchange allows an app four concurrent requests; the fourth change is refused."""
    gate = MailboxGate()
    with ExitStack() as entered:
        admitted = [entered.enter_context(gate.enter("ada", f"event-{n}")) for n in range(4)]

        assert admitted == [True, True, True, False]


def test_a_change_may_wait_for_a_place() -> None:
    """Four of a mailbox, and no more: the others are refused at once, and need no thread."""
    gate, patience = MailboxGate(), timedelta(seconds=60)

    def enter(event: str) -> bool:
        with gate.enter("ada", event, patience=patience) as is_admitted:
            return is_admitted

    with ThreadPoolExecutor(MAX_WAITING) as threads:
        with ExitStack() as entered:
            for n in range(3):
                entered.enter_context(gate.enter("ada", f"event-{n}"))
            waiting = [threads.submit(enter, f"waiting-{n}") for n in range(MAX_WAITING)]
            while gate._waiting["ada"] < MAX_WAITING:
                Event().wait(0.001)
            refused = enter("one too many")

        assert not refused
        assert all(each.result() for each in waiting)


def test_the_gate_knows_whose_read_answers_copies() -> None:
    """As long as the message is handled, and only if its read counts."""
    gate = MailboxGate()
    with gate.enter("ada", "event", taken=NOW), gate.enter("ada", "other"):
        assert gate.running_since("ada", "event") == NOW
        assert gate.running_since("ada", "other") is None
    assert gate.running_since("ada", "event") is None


def test_each_mailbox_has_its_own_limit() -> None:
    """A full mailbox does not delay another one."""
    gate = MailboxGate()
    with ExitStack() as entered:
        for n in range(3):
            entered.enter_context(gate.enter("ada", f"event-{n}"))

        assert entered.enter_context(gate.enter("bo", "event-0"))


def test_an_event_is_processed_by_one_thread_at_a_time() -> None:
    """A copy that arrives meanwhile is refused; later, the event was already read."""
    gate = MailboxGate()
    with gate.enter("ada", "event") as first, gate.enter("ada", "event") as second:
        assert (first, second) == (True, False)
    with gate.enter("ada", "event") as third:
        assert third


def test_a_place_is_free_again_even_after_an_error() -> None:
    """Otherwise the mailbox would get no requests for the life of the process."""
    gate = MailboxGate()
    for n in range(10):
        with suppress(LookupError), gate.enter("ada", f"event-{n}") as admitted:
            assert admitted
            raise LookupError


def test_a_throttled_mailbox_gets_no_requests_for_as_long_as_graph_asked() -> None:
    """A request before that would fail and prolong the throttling. The longest wait counts."""
    gate = MailboxGate()
    gate.throttle("ada", NOW, timedelta(seconds=30))
    gate.throttle("ada", NOW, timedelta(seconds=10))

    assert gate.throttled_for("ada", NOW) == timedelta(seconds=30)
    assert gate.throttled_for("ada", NOW + timedelta(seconds=30)) == timedelta(0)
    assert gate.throttled_for("bo", NOW) == timedelta(0)


def test_the_wait_doubles_until_a_request_succeeds() -> None:
    """Graph may answer `Retry-After: 0` every time."""
    gate, now, waits = MailboxGate(), NOW, []
    for _ in range(9):
        gate.throttle("ada", now, timedelta(0))
        waits.append(gate.throttled_for("ada", now).total_seconds())
        now += gate.throttled_for("ada", now)
    gate.note_success("ada", now)
    gate.throttle("ada", now, timedelta(0))

    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    assert gate.throttled_for("ada", now) == timedelta(seconds=5)


def test_requests_that_are_throttled_together_count_once() -> None:
    """Three changes of a mailbox may have a request under way; the longest wait counts."""
    gate = MailboxGate()
    for seconds in (0, 7, 0):
        gate.throttle("ada", NOW, timedelta(seconds=seconds))

    assert gate.throttled_for("ada", NOW) == timedelta(seconds=7)


def test_a_success_during_the_wait_does_not_end_it() -> None:
    """Its request was sent before the throttling."""
    gate = MailboxGate()
    gate.throttle("ada", NOW, timedelta(seconds=30))
    gate.note_success("ada", NOW + timedelta(seconds=1))

    assert gate.throttled_for("ada", NOW) == timedelta(seconds=30)


def test_the_memory_of_throttled_mailboxes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant may have more mailboxes than fit in memory; the oldest are forgotten."""
    monkeypatch.setattr("shared.worker.events.gate.MAX_THROTTLED", 10)
    gate = MailboxGate()
    for n in range(100):
        gate.throttle(f"m{n}", NOW, timedelta(seconds=30))

    assert [gate.throttled_for(f"m{n}", NOW) > timedelta(0) for n in range(100)] == [False] * 90 + [True] * 10


def test_a_host_gives_up_a_place_when_others_use_the_mailbox() -> None:
    """Exchange counts the requests of all hosts. After ten minutes the host tries all its places again."""
    gate, later = MailboxGate(), NOW + timedelta(minutes=10)
    for places in (2, 1, 1):
        gate.narrow("ada", NOW)
        with ExitStack() as stack:
            admitted = [stack.enter_context(gate.enter("ada", f"e{n}", now=NOW)) for n in range(4)]

        assert sum(admitted) == places
    with ExitStack() as stack:
        admitted = [stack.enter_context(gate.enter("ada", f"e{n}", now=later)) for n in range(4)]
        others = [stack.enter_context(gate.enter("bo", f"e{n}", now=NOW)) for n in range(4)]

    assert (sum(admitted), sum(others)) == (3, 3)


def test_threads_that_meet_the_limit_together_each_give_up_a_place() -> None:
    """Their clocks were read in another order than they came."""
    gate = MailboxGate()
    gate.narrow("ada", NOW)
    gate.narrow("ada", NOW - timedelta(milliseconds=5))
    with ExitStack() as stack:
        before = NOW - timedelta(milliseconds=5)
        admitted = [stack.enter_context(gate.enter("ada", f"e{n}", now=before)) for n in range(4)]

    assert sum(admitted) == 1
