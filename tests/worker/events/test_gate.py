from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta

import pytest

from shared.worker.events.gate import MailboxGate

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_a_mailbox_takes_three_changes_at_a_time() -> None:
    """Exchange allows an app four requests at a time; the fourth change steps back."""
    gate = MailboxGate()
    with ExitStack() as inside:
        admitted = [inside.enter_context(gate.enter("ada", f"event-{n}")) for n in range(4)]

        assert admitted == [True, True, True, False]


def test_another_mailbox_is_not_held_up() -> None:
    """The limit is each mailbox's own."""
    gate = MailboxGate()
    with ExitStack() as inside:
        for n in range(3):
            inside.enter_context(gate.enter("ada", f"event-{n}"))

        assert inside.enter_context(gate.enter("bo", "event-0"))


def test_an_event_is_looked_at_once_at_a_time() -> None:
    """A copy that arrives meanwhile steps back, and will find the event read."""
    gate = MailboxGate()
    with gate.enter("ada", "event") as first, gate.enter("ada", "event") as second:
        assert (first, second) == (True, False)
    with gate.enter("ada", "event") as third:
        assert third


def test_whoever_leaves_makes_room_even_after_an_error() -> None:
    """A place is never lost, or the mailbox would be shut for the life of the process."""
    gate = MailboxGate()
    for n in range(10):
        with suppress(LookupError), gate.enter("ada", f"event-{n}") as admitted:
            assert admitted
            raise LookupError


def test_a_throttled_mailbox_rests_for_as_long_as_graph_asked() -> None:
    """Until then no call is made: it would count against us and be refused."""
    gate = MailboxGate()
    gate.close("ada", NOW, timedelta(seconds=30))
    gate.close("ada", NOW, timedelta(seconds=10))

    assert gate.throttled_for("ada", NOW) == timedelta(seconds=30)
    assert gate.throttled_for("ada", NOW + timedelta(seconds=30)) == timedelta(0)
    assert gate.throttled_for("bo", NOW) == timedelta(0)


def test_a_mailbox_that_is_throttled_again_and_again_rests_longer_and_longer() -> None:
    """Graph may say `Retry-After: 0` for ever; a success ends it."""
    gate, now, rests = MailboxGate(), NOW, []
    for _ in range(9):
        gate.close("ada", now, timedelta(0))
        rests.append(gate.throttled_for("ada", now).total_seconds())
        now += gate.throttled_for("ada", now)
    gate.reopen("ada", now)
    gate.close("ada", now, timedelta(0))

    assert rests == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    assert gate.throttled_for("ada", now) == timedelta(seconds=5)


def test_calls_that_are_throttled_together_count_once() -> None:
    """Three changes of a mailbox are under way; the longest wait holds."""
    gate = MailboxGate()
    for seconds in (0, 7, 0):
        gate.close("ada", NOW, timedelta(seconds=seconds))

    assert gate.throttled_for("ada", NOW) == timedelta(seconds=7)


def test_an_answer_that_began_before_does_not_reopen_a_throttled_mailbox() -> None:
    """Graph's last word counts."""
    gate = MailboxGate()
    gate.close("ada", NOW, timedelta(seconds=30))
    gate.reopen("ada", NOW + timedelta(seconds=1))

    assert gate.throttled_for("ada", NOW) == timedelta(seconds=30)


def test_what_is_remembered_of_throttled_mailboxes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant has more mailboxes than a process has memory."""
    monkeypatch.setattr("shared.worker.events.gate.MAX_CLOSED", 10)
    gate = MailboxGate()
    for n in range(100):
        gate.close(f"m{n}", NOW, timedelta(seconds=30))

    assert [gate.throttled_for(f"m{n}", NOW) > timedelta(0) for n in range(100)] == [False] * 90 + [True] * 10
