"""Single flight: however many threads want what has to be fetched, one asks, and all share its answer.

The fetch runs in a thread of its own, so that nobody waits longer than his patience, whatever the other side
does, and a fetch that takes longer is still of use to those who come later. No lock is held meanwhile. A
failure is remembered for seconds: thirty-two threads do not ask one after the other.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

from shared.deadline import deadline, seconds_left

#: how long anybody waits for an answer
PATIENCE = timedelta(seconds=5)
#: how long a failure is everybody's
REMEMBERED = timedelta(seconds=5)
#: a fetch has ended by then, or its thread is lost, and another may begin
LONGEST = timedelta(minutes=5)

_Value = TypeVar("_Value")


class _Flight(Generic[_Value]):
    """One fetch: under way, or ended with a value or an error."""

    def __init__(self, began: datetime) -> None:
        self.began = began
        self.ended: datetime | None = None
        self.error: Exception | None = None
        self.values: list[_Value] = []
        self.landed = Event()


class SingleFlight(Generic[_Value]):
    """Shares one fetch between threads. `slow` makes the error for those whose patience is over."""

    def __init__(
        self,
        slow: Callable[[], Exception],
        now: Callable[[], datetime],
        *,
        patience: timedelta = PATIENCE,
        remembered: timedelta = REMEMBERED,
    ) -> None:
        self._slow = slow
        self._now = now
        self._patience = patience
        self._remembered = remembered
        self._lock = Lock()
        self._flight: _Flight[_Value] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether somebody's fetch has not ended yet."""
        with self._lock:
            return self._flight is not None and not self._flight.landed.is_set()

    def fetch(self, ask: Callable[[], _Value]) -> _Value:
        """Return what `ask` returns, or what another thread's `ask` does that is under way.

        Raises:
            Exception: what `ask` raised, now or a few seconds ago; or `slow`, where that takes too long.
        """
        flight, is_ours = self._join(ask)
        # Who finds a fetch that others have waited for already does not wait as long again.
        waited = timedelta(0) if is_ours else max(self._now() - flight.began, timedelta(0))
        patience = max((self._patience - waited).total_seconds(), 0)
        if not flight.landed.wait(seconds_left(patience) if patience else 0):
            raise self._slow()
        if flight.error is not None:
            # One error is raised in many threads: none shall carry the others' tracebacks.
            raise flight.error.with_traceback(None)
        return flight.values[0]

    def begin(self, ask: Callable[[], _Value]) -> None:
        """Have `ask` called, unless somebody's is under way or has just failed; wait for nothing."""
        self._join(ask)

    def _join(self, ask: Callable[[], _Value]) -> tuple[_Flight[_Value], bool]:
        with self._lock:
            now, flight = self._now(), self._flight
            if flight is not None and self._is_current(flight, now):
                return flight, False
            flight = self._flight = _Flight(now)
            Thread(target=self._fly, args=(flight, ask), name="single-flight", daemon=True).start()
            return flight, True

    def _is_current(self, flight: _Flight[_Value], now: datetime) -> bool:
        if flight.ended is None:
            return abs(now - flight.began) < LONGEST
        return flight.error is not None and abs(now - flight.ended) < self._remembered

    def _fly(self, flight: _Flight[_Value], ask: Callable[[], _Value]) -> None:
        try:
            with deadline(LONGEST):
                flight.values.append(ask())
        except Exception as error:  # noqa: BLE001 -- whatever it is, those who wait get it
            flight.error = error
        with self._lock:
            flight.ended = self._now()
        flight.landed.set()
