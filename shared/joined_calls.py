"""Joins the requests of several threads into one call.

While one call runs, further requests wait; the next call handles all of them. So a resource that takes one
change at a time serves any number of threads. Each call runs in the thread of one of its requests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Generic, TypeVar

from shared.deadline import seconds_left
from shared.errors import OutOfTime

#: how long a request waits for its turn if its thread has no deadline
_PATIENCE_SECONDS = 60.0

_Request = TypeVar("_Request")
_Answer = TypeVar("_Answer")


@dataclass(slots=True, eq=False)
class _Seat(Generic[_Request, _Answer]):
    """A request in the line. `turn` is set when it has an answer or error, or when its thread must call."""

    request: _Request
    must_call: bool = False
    turn: Event = field(default_factory=Event)
    answers: list[_Answer] = field(default_factory=list)
    error: Exception | None = None


class JoinedCalls(Generic[_Request, _Answer]):
    """Runs `call` for all requests that wait, at most `most` of them, one call after the other.

    `call` returns an answer for each request, in the same order. If it fails, all its requests fail:
    `out_of_time` returns the error for those whose own deadline has not passed.
    """

    def __init__(
        self,
        call: Callable[[Sequence[_Request]], Sequence[_Answer]],
        *,
        most: int,
        out_of_time: Callable[[], Exception],
    ) -> None:
        self._call = call
        self._most = most
        self._out_of_time = out_of_time
        self._lock = Lock()
        self._line: list[_Seat[_Request, _Answer]] = []
        self._is_running = False

    def do(self, request: _Request) -> _Answer:
        """Return the answer to a request.

        Raises:
            OutOfTime: the deadline passed. The request may have been carried out.
            Exception: what `call` raised.
        """
        seat: _Seat[_Request, _Answer] = _Seat(request)
        with self._lock:
            self._line.append(seat)
            if not self._is_running:
                self._is_running = seat.must_call = True
        if not seat.must_call:
            self._wait(seat)
        if seat.must_call:
            self._call_for_line(seat)
        if seat.error:
            # Several threads raise this error: without this its traceback would grow with each.
            raise seat.error.with_traceback(None)
        return seat.answers[0]

    def _wait(self, seat: _Seat[_Request, _Answer]) -> None:
        if seat.turn.wait(seconds_left(_PATIENCE_SECONDS)):
            return
        with self._lock:
            if seat.turn.is_set():
                return
            if seat in self._line:
                self._line.remove(seat)
        raise OutOfTime("the deadline of this message passed while it waited for other messages")

    def _call_for_line(self, ours: _Seat[_Request, _Answer]) -> None:
        with self._lock:
            seats, self._line = self._line[: self._most], self._line[self._most :]
        try:
            answers = self._call([seat.request for seat in seats])
            for seat, answer in zip(seats, answers, strict=True):
                seat.answers.append(answer)
        except Exception as error:  # noqa: BLE001 -- each thread raises it
            for seat in seats:
                is_ours = seat is ours or not isinstance(error, OutOfTime)
                seat.error = error if is_ours else self._out_of_time()
        finally:
            self._pass_on()
            for seat in seats:
                seat.must_call = False
                seat.turn.set()

    def _pass_on(self) -> None:
        """Let the thread of the next request make the next call."""
        with self._lock:
            if self._line:
                self._line[0].must_call = True
                self._line[0].turn.set()
            else:
                self._is_running = False
