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


class SlowService:
    """Counts its calls, and answers when the test allows it."""

    def __init__(self, result: str | Exception = "answer") -> None:
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
        self.result = result
        self.calls = 0
        self.may_answer = Event()
        self.may_answer.set()

    def call(self) -> str:
        self.calls += 1
        self.may_answer.wait(5)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def flight(self, patience: timedelta = timedelta(seconds=5)) -> SingleFlight[str]:
        return SingleFlight(lambda: TimeoutError("slow"), lambda: self.now, patience=patience)


def fetch_from_threads(flight: SingleFlight[str], service: SlowService, size: int = 32) -> list[str]:
    """Fetch from many threads concurrently; return each result, of an error its text."""

    def one(_: int) -> str:
        try:
            return flight.fetch(service.call)
        except Exception as error:  # noqa: BLE001 -- the error is the result
            return str(error)

    with ThreadPoolExecutor(size) as threads:
        found = threads.map(one, range(size))
        service.may_answer.set()
        return list(found)


@pytest.mark.parametrize("result", ["answer", ValueError("answer")])
def test_waiting_threads_share_one_answer_or_failure(result: str | Exception) -> None:
    """One call for all of them."""
    service = SlowService(result)
    service.may_answer.clear()
    flight = service.flight()

    assert fetch_from_threads(flight, service) == ["answer"] * 32
    assert service.calls == 1 if isinstance(result, Exception) else service.calls < 32


def test_a_failure_is_shared_for_seconds() -> None:
    """Later callers get the same error; after five seconds there is a new call."""
    service = SlowService(ValueError("away"))
    flight = service.flight()
    for _ in range(9):
        with pytest.raises(ValueError, match="away"):
            flight.fetch(service.call)
    before = service.calls
    service.now += 5 * SECOND
    service.result = "answer"

    assert before == 1
    assert flight.fetch(service.call) == "answer"


def test_an_answer_is_not_cached() -> None:
    """Caching is up to the caller."""
    service = SlowService()
    flight = service.flight()

    assert [flight.fetch(service.call) for _ in range(3)] == ["answer"] * 3
    assert service.calls == 3


def test_no_caller_waits_longer_than_its_limit() -> None:
    """A caller that joins an older call does not wait at all."""
    service = SlowService()
    service.may_answer.clear()
    flight = service.flight(patience=SECOND / 10)

    with pytest.raises(TimeoutError, match="slow"):
        flight.fetch(service.call)
    service.now += SECOND
    assert count_timeouts(lambda: flight.fetch(service.call)) == 5
    assert service.calls == 1
    assert flight.is_running
    service.may_answer.set()


def count_timeouts(fetch: Callable[[], str]) -> int:
    """Return how many of five fetches time out."""
    slow = 0
    for _ in range(5):
        try:
            fetch()
        except TimeoutError:
            slow += 1
    return slow


def test_a_lost_call_is_replaced() -> None:
    """After five minutes its thread counts as dead."""
    service = SlowService()
    service.may_answer.clear()
    flight = service.flight(patience=SECOND / 10)
    with pytest.raises(TimeoutError):
        flight.fetch(service.call)
    service.may_answer, lost = Event(), service.may_answer
    service.may_answer.set()
    service.now += timedelta(minutes=5)

    assert flight.fetch(service.call) == "answer"
    lost.set()


def test_a_caller_obeys_the_deadline_of_its_message_and_the_call_its_own() -> None:
    """A large group is read completely, although the first message can't wait for it."""
    service = SlowService()
    flight: SingleFlight[float] = SingleFlight(lambda: TimeoutError("slow"), lambda: service.now)
    with deadline(SECOND):
        assert flight.fetch(lambda: seconds_left(1000)) > 200
    with deadline(timedelta(0)), pytest.raises(OutOfTime):
        flight.fetch(lambda: 1.0)


def test_the_traceback_of_a_shared_failure_does_not_grow() -> None:
    """One error is raised many times; its traceback stays short."""
    service = SlowService(ValueError("away"))
    flight = service.flight()
    depths = []
    for _ in range(50):
        with pytest.raises(ValueError, match="away") as raised:
            flight.fetch(service.call)
        depths.append(len(raised.traceback))

    assert max(depths) < 10
