"""Admission control: limits how many POSTs wait for storage, so that handshakes always find a free thread.

While storage answers, every POST may wait. Once storage has been silent for a moment, only a few POSTs may
wait and the others give up. After one POST has timed out, one POST at a time probes storage, and all
others are refused at once. The next answer of storage ends that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from shared.errors import QueueUnavailable

#: Slow storage answers in a quarter of a second.
SILENCE_SECONDS = 0.7
#: far below the number of the worker's threads
MAX_WAITING_IN_SILENCE = 4


class Admitted:
    """One POST that may wait for storage; `is_probe` if it finds out whether storage answers again."""

    def __init__(self, *, is_probe: bool) -> None:
        self.is_probe = is_probe


class AdmissionControl:
    """Knows when storage last answered; safe to share between threads. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._admitted: list[Admitted] = []
        self._last_answer = clock()
        #: the problem of the last POST that timed out; empty while storage answers
        self._problem = ""

    @contextmanager
    def admit(self) -> Iterator[Admitted]:
        """Admit a POST while the block runs.

        Raises:
            QueueUnavailable: storage does not answer, and enough other POSTs wait for it.
        """
        admitted = self._enter()
        try:
            yield admitted
        finally:
            with self._lock:
                self._admitted.remove(admitted)

    def note_answer(self) -> None:
        """Record that storage took a message, or refused one quickly."""
        with self._lock:
            self._last_answer = self._clock()
            self._problem = ""

    def note_timeout(self, problem: str) -> None:
        """Record the problem of a POST that timed out; it counts only while storage is silent."""
        with self._lock:
            if self._is_silent():
                self._problem = problem

    def seconds_to_wait(self, admitted: Admitted) -> float:
        """Return how long this POST may wait before it asks again; at 0 it must give up."""
        with self._lock:
            if admitted in self._admitted[:MAX_WAITING_IN_SILENCE]:
                return SILENCE_SECONDS
            return max(self._last_answer + SILENCE_SECONDS - self._clock(), 0)

    def _enter(self) -> Admitted:
        with self._lock:
            if self._problem and self._admitted:
                raise QueueUnavailable(f"refused at once, as storage does not answer: {self._problem}")
            if not self._admitted:
                self._last_answer = self._clock()  # no POST waited, so silence starts now
            elif self._is_silent() and len(self._admitted) >= MAX_WAITING_IN_SILENCE:
                raise QueueUnavailable("refused at once, as storage is silent and other requests wait for it")
            admitted = Admitted(is_probe=bool(self._problem))
            self._admitted.append(admitted)
            return admitted

    def _is_silent(self) -> bool:
        return self._clock() - self._last_answer >= SILENCE_SECONDS
