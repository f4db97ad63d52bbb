"""Single flight: many threads that need the same value share one call.

The call runs in its own thread. So no caller waits longer than its limit, and a call that takes longer still
serves later callers. No lock is held during the call. A failure is shared for some seconds, so that the
waiting threads do not repeat the call one after the other.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Generic, TypeVar

from shared.deadline import deadline, seconds_left

#: how long a caller waits
PATIENCE = timedelta(seconds=5)
#: how long a failure is shared
FAILURE_SHARED = timedelta(seconds=5)
#: After this time the thread of a call counts as lost, and another call may start.
MAX_DURATION = timedelta(minutes=5)

_Value = TypeVar("_Value")


@dataclass(slots=True)
class _Flight(Generic[_Value]):
    """One call, and when it started and ended."""

    started: datetime
    ended: datetime | None = None
    future: Future[_Value] = field(default_factory=Future)


class SingleFlight(Generic[_Value]):
    """Shares one call between threads. `slow` returns the error for a caller that has waited too long."""

    def __init__(
        self,
        slow: Callable[[], Exception],
        now: Callable[[], datetime],
        *,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._slow = slow
        self._now = now
        self._patience = patience
        self._lock = Lock()
        self._flight: _Flight[_Value] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a call has not ended yet."""
        with self._lock:
            return self._flight is not None and not self._flight.future.done()

    def fetch(self, call: Callable[[], _Value]) -> _Value:
        """Return the result of `call`, or of the call that another thread has already started.

        Raises:
            Exception: the error of the call, now or a few seconds ago; or `slow`, if it takes too long.
        """
        flight, is_ours = self._join(call)
        # A caller that joins a running call does not wait for the whole time again.
        waited = timedelta(0) if is_ours else max(self._now() - flight.started, timedelta(0))
        patience = max((self._patience - waited).total_seconds(), 0)
        try:
            error = flight.future.exception(seconds_left(patience) if patience else 0)
        except TimeoutError:
            raise self._slow() from None
        if error is not None:
            # Many threads raise this error: without this its traceback would grow with each.
            raise error.with_traceback(None)
        return flight.future.result()

    def start(self, call: Callable[[], _Value]) -> None:
        """Start `call`, unless another is running or has just failed; don't wait for it."""
        self._join(call)

    def _join(self, call: Callable[[], _Value]) -> tuple[_Flight[_Value], bool]:
        with self._lock:
            now, flight = self._now(), self._flight
            if flight is not None and self._is_current(flight, now):
                return flight, False
            flight = self._flight = _Flight(now)
            Thread(target=self._run, args=(flight, call), name="single-flight", daemon=True).start()
            return flight, True

    def _is_current(self, flight: _Flight[_Value], now: datetime) -> bool:
        if flight.ended is None:
            return abs(now - flight.started) < MAX_DURATION
        return flight.future.exception() is not None and abs(now - flight.ended) < FAILURE_SHARED

    def _run(self, flight: _Flight[_Value], call: Callable[[], _Value]) -> None:
        try:
            with deadline(MAX_DURATION):
                value = call()
        except Exception as error:  # noqa: BLE001 -- the callers get it
            with self._lock:
                flight.ended = self._now()
                flight.future.set_exception(error)
        else:
            with self._lock:
                flight.ended = self._now()
                flight.future.set_result(value)
