"""Single flight: thirty-two threads, one call."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from shared.deadline import deadline, seconds_left
from shared.errors import OutOfTime
from shared.single_flight import SingleFlight

SECOND = timedelta(seconds=1)


class Outside:
    """What is asked: counts, and answers when it is let."""

    def __init__(self, result: str | Exception = "answer") -> None:
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
        self.result = result
        self.calls = 0
        self.may_answer = Event()
        self.may_answer.set()

    def ask(self) -> str:
        self.calls += 1
        self.may_answer.wait(5)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def flight(self, patience: timedelta = timedelta(seconds=5)) -> SingleFlight[str]:
        return SingleFlight(lambda: TimeoutError("slow"), lambda: self.now, patience=patience)


def herd(flight: SingleFlight[str], outside: Outside, size: int = 32) -> list[str]:
    """Ask from many threads at once; return what each got, an error by its text."""

    def one(_: int) -> str:
        try:
            return flight.fetch(outside.ask)
        except Exception as error:  # noqa: BLE001 -- it is what the test is about
            return str(error)

    with ThreadPoolExecutor(size) as threads:
        found = threads.map(one, range(size))
        outside.may_answer.set()
        return list(found)


@pytest.mark.parametrize("result", ["answer", ValueError("answer")])
def test_those_who_wait_share_the_one_answer_or_failure(result: str | Exception) -> None:
    """One call, whatever comes of it."""
    outside = Outside(result)
    outside.may_answer.clear()
    flight = outside.flight()

    assert herd(flight, outside) == ["answer"] * 32
    assert outside.calls == 1 if isinstance(result, Exception) else outside.calls < 32


def test_a_failure_is_remembered_for_seconds() -> None:
    """Those who come later do not ask one after the other; then it is tried again."""
    outside = Outside(ValueError("away"))
    flight = outside.flight()
    for _ in range(9):
        with pytest.raises(ValueError, match="away"):
            flight.fetch(outside.ask)
    before = outside.calls
    outside.now += 5 * SECOND
    outside.result = "answer"

    assert before == 1
    assert flight.fetch(outside.ask) == "answer"


def test_an_answer_is_the_askers_to_keep() -> None:
    """It is not remembered here."""
    outside = Outside()
    flight = outside.flight()

    assert [flight.fetch(outside.ask) for _ in range(3)] == ["answer"] * 3
    assert outside.calls == 3


def test_nobody_waits_longer_than_his_patience() -> None:
    """And who finds a fetch that is older than that does not wait at all."""
    outside = Outside()
    outside.may_answer.clear()
    flight = outside.flight(patience=SECOND / 10)

    with pytest.raises(TimeoutError, match="slow"):
        flight.fetch(outside.ask)
    outside.now += SECOND
    assert herd_of_slow(lambda: flight.fetch(outside.ask)) == 5
    assert outside.calls == 1
    assert flight.is_under_way
    outside.may_answer.set()


def herd_of_slow(fetch: Callable[[], str]) -> int:
    """Return how many of five find it slow."""
    slow = 0
    for _ in range(5):
        try:
            fetch()
        except TimeoutError:
            slow += 1
    return slow


def test_a_fetch_that_is_lost_is_begun_again() -> None:
    """After five minutes its thread is as good as dead."""
    outside = Outside()
    outside.may_answer.clear()
    flight = outside.flight(patience=SECOND / 10)
    with pytest.raises(TimeoutError):
        flight.fetch(outside.ask)
    outside.may_answer, lost = Event(), outside.may_answer
    outside.may_answer.set()
    outside.now += timedelta(minutes=5)

    assert flight.fetch(outside.ask) == "answer"
    lost.set()


def test_a_waiter_keeps_to_the_deadline_of_his_message_and_the_fetch_to_its_own() -> None:
    """A large group is read to its end, though the first message can't wait for it."""
    outside = Outside()
    flight: SingleFlight[float] = SingleFlight(lambda: TimeoutError("slow"), lambda: outside.now)
    with deadline(SECOND):
        assert flight.fetch(lambda: seconds_left(1000)) > 200
    with deadline(timedelta(0)), pytest.raises(OutOfTime):
        flight.fetch(lambda: 1.0)


def test_a_remembered_failure_does_not_grow() -> None:
    """One error is raised a thousand times; its traceback stays short."""
    outside = Outside(ValueError("away"))
    flight = outside.flight()
    depths = []
    for _ in range(50):
        with pytest.raises(ValueError, match="away") as raised:
            flight.fetch(outside.ask)
        depths.append(len(raised.traceback))

    assert max(depths) < 10
