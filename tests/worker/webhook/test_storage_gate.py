from contextlib import ExitStack

import pytest

from shared.errors import QueueUnavailable
from shared.worker.webhook.storage_gate import SILENCE_SECONDS, WAITING_IN_SILENCE, StorageGate


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_while_storage_answers_everybody_may_wait(clock: Clock) -> None:
    """A burst is no trouble: forty POSTs at once wait for their answers."""
    gate = StorageGate(clock)
    with ExitStack() as inside:
        places = [inside.enter_context(gate.place()) for _ in range(40)]
        clock.seconds += SILENCE_SECONDS / 2
        gate.answered()
        clock.seconds += SILENCE_SECONDS / 2

        assert all(gate.patience(place) > 0 for place in places)


def test_in_silence_a_few_may_wait_and_the_others_leave(clock: Clock) -> None:
    """Storage may only be slow, so some wait on; the threads of the others are handshakes'."""
    gate = StorageGate(clock)
    with ExitStack() as inside:
        places = [inside.enter_context(gate.place()) for _ in range(40)]
        clock.seconds += SILENCE_SECONDS

        assert [gate.patience(place) > 0 for place in places].count(True) == WAITING_IN_SILENCE
        with pytest.raises(QueueUnavailable, match="silent"):
            inside.enter_context(gate.place())


def test_who_waited_in_vain_leaves_one_at_a_time_to_find_out(clock: Clock) -> None:
    """Everybody else is refused at once, with what was waited for; the next answer opens the gate."""
    gate = StorageGate(clock)
    with gate.place() as first:
        clock.seconds += 2
        gate.waited_in_vain("no token")
    with gate.place() as probe:
        with pytest.raises(QueueUnavailable, match="no token"), gate.place():
            pass
        gate.answered()
        with gate.place() as third:
            assert [first.probing, probe.probing, third.probing] == [False, True, False]


def test_waiting_in_vain_while_others_get_answers_shuts_nobody_out(clock: Clock) -> None:
    """A POST of thousands may run out of time while storage is well."""
    gate = StorageGate(clock)
    with gate.place():
        clock.seconds += 2
        gate.answered()
        gate.waited_in_vain("slow")
        with gate.place() as next_one:
            assert not next_one.probing


def test_a_quiet_night_is_no_silence(clock: Clock) -> None:
    """Storage that nobody asked owes no answer."""
    gate = StorageGate(clock)
    clock.seconds += 3600
    with gate.place() as place:
        gate.waited_in_vain("at once")

        assert gate.patience(place) > 0
        with gate.place() as other:
            assert not other.probing
