from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta

from shared.worker.gate import MailboxGate

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
    gate.close("ada", NOW + timedelta(seconds=30))
    gate.close("ada", NOW + timedelta(seconds=10))

    assert gate.throttled_for("ada", NOW) == timedelta(seconds=30)
    assert gate.throttled_for("ada", NOW + timedelta(seconds=30)) == timedelta(0)
    assert gate.throttled_for("bo", NOW) == timedelta(0)
