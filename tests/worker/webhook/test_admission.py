from contextlib import ExitStack

import pytest

from shared.errors import QueueUnavailable
from shared.worker.webhook.admission import MAX_WAITING_IN_SILENCE, SILENCE_SECONDS, AdmissionControl
from tests.stepped_clock import SteppedClock


def test_while_storage_answers_every_post_may_wait(clock: SteppedClock) -> None:
    """Forty POSTs at once wait for their answers."""
    admission = AdmissionControl(clock)
    with ExitStack() as posts:
        admitted = [posts.enter_context(admission.admit()) for _ in range(40)]
        clock.seconds += SILENCE_SECONDS / 2
        admission.note_answer()
        clock.seconds += SILENCE_SECONDS / 2

        assert all(admission.seconds_to_wait(each) > 0 for each in admitted)


def test_while_storage_is_silent_only_a_few_posts_wait(clock: SteppedClock) -> None:
    """Storage may only be slow, so some POSTs wait; handshakes need the threads of the others."""
    admission = AdmissionControl(clock)
    with ExitStack() as posts:
        admitted = [posts.enter_context(admission.admit()) for _ in range(40)]
        clock.seconds += SILENCE_SECONDS

        waiting = [admission.seconds_to_wait(each) > 0 for each in admitted]
        assert waiting.count(True) == MAX_WAITING_IN_SILENCE
        with pytest.raises(QueueUnavailable, match="silent"):
            posts.enter_context(admission.admit())


def test_after_a_timeout_one_post_at_a_time_probes(clock: SteppedClock) -> None:
    """All others are refused at once, with the problem; the next answer of storage admits them again."""
    admission = AdmissionControl(clock)
    with admission.admit() as first:
        clock.seconds += 2
        admission.note_timeout("no token")
    with admission.admit() as probe:
        with pytest.raises(QueueUnavailable, match="no token"), admission.admit():
            pass
        admission.note_answer()
        with admission.admit() as third:
            assert [first.is_probe, probe.is_probe, third.is_probe] == [False, True, False]


def test_a_timeout_does_not_count_while_others_get_answers(clock: SteppedClock) -> None:
    """A POST of thousands may run out of time although storage works."""
    admission = AdmissionControl(clock)
    with admission.admit():
        clock.seconds += 2
        admission.note_answer()
        admission.note_timeout("slow")
        with admission.admit() as later:
            assert not later.is_probe


def test_time_without_posts_is_not_silence(clock: SteppedClock) -> None:
    """Storage that was not called owes no answer."""
    admission = AdmissionControl(clock)
    clock.seconds += 3600
    with admission.admit() as admitted:
        admission.note_timeout("at once")

        assert admission.seconds_to_wait(admitted) > 0
        with admission.admit() as other:
            assert not other.is_probe
