"""Requests of several threads, joined into one call."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

from shared.deadline import deadline
from shared.errors import OutOfTime, StorageUnavailable
from shared.joined_calls import JoinedCalls


class Doubler:
    """A service that doubles numbers; its first call waits until `may_answer`."""

    def __init__(self, most: int = 3) -> None:
        self.calls: list[list[int]] = []
        self.is_called, self.may_answer = Event(), Event()
        self.error: Exception | None = None
        self.joined: JoinedCalls[int, int] = JoinedCalls(
            self._call, most=most, out_of_time=lambda: StorageUnavailable("too slow")
        )

    def _call(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        self.is_called.set()
        assert self.may_answer.wait(60)
        if self.error:
            raise self.error
        return [number * 2 for number in numbers]

    def wait_for_line(self, length: int) -> None:
        """Wait until so many requests are in the line."""
        while len(self.joined._line) < length:
            Event().wait(0.001)


def test_requests_that_wait_share_the_next_calls() -> None:
    """At most three in one call; each gets its own answer."""
    service = Doubler()
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(service.joined.do, 0)
        assert service.is_called.wait(60)
        others = []
        for number in range(1, 8):
            others.append(threads.submit(service.joined.do, number))
            service.wait_for_line(number)
        service.may_answer.set()
        answers = [each.result() for each in (first, *others)]

    assert answers == [number * 2 for number in range(8)]
    assert service.calls == [[0], [1, 2, 3], [4, 5, 6], [7]]
    assert service.joined.do(8) == 16


def test_a_failed_call_fails_for_its_requests_only() -> None:
    """The next call starts again. A deadline that passed is an error of its own thread alone."""
    service = Doubler()
    service.error = OutOfTime("over")
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(service.joined.do, 0)
        assert service.is_called.wait(60)
        others = [threads.submit(service.joined.do, number) for number in (1, 2)]
        service.wait_for_line(2)
        service.may_answer.set()
        errors = sorted(str(each.exception()) for each in (first, *others))
    service.error = None

    assert errors == ["over", "over", "too slow"]
    assert service.joined.do(3) == 6


def test_a_request_whose_deadline_passes_leaves_the_line() -> None:
    """It is not carried out, and the line goes on."""
    service = Doubler()

    def give_up() -> None:
        with deadline(timedelta(milliseconds=20)):
            service.joined.do(1)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(service.joined.do, 0)
        assert service.is_called.wait(60)
        with pytest.raises(OutOfTime):
            threads.submit(give_up).result()
        service.may_answer.set()

        assert first.result() == 0
    assert service.joined.do(2) == 4
    assert service.calls == [[0], [2]]
