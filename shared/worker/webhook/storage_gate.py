"""Who may wait for storage: a thread that waits is one that Graph's handshakes can't have.

While storage answers, everybody may wait. Once it has been silent for a moment, only a few may, and the
others leave. Once somebody waited in vain, one at a time finds out whether storage is back, and everybody
else is refused at once. The next answer opens the gate again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from shared.errors import QueueUnavailable

#: Slow storage answers in a quarter of a second.
SILENCE_SECONDS = 0.7
#: far below the number of the worker's threads
WAITING_IN_SILENCE = 4


class Place:
    """One POST's place behind the gate; `probing` says that it finds out whether storage is back."""

    def __init__(self, *, probing: bool) -> None:
        self.probing = probing


class StorageGate:
    """Knows when storage answered last; safe to share between threads. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._inside: list[Place] = []
        self._last_answer = clock()
        #: what the last one waited for in vain; empty while storage answers
        self._trouble = ""

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Hold a place while the block runs.

        Raises:
            QueueUnavailable: storage does not answer, and enough others are waiting for it.
        """
        place = self._enter()
        try:
            yield place
        finally:
            with self._lock:
                self._inside.remove(place)

    def answered(self) -> None:
        """Note that storage took a message, or refused one quickly: then nobody waits long."""
        with self._lock:
            self._last_answer = self._clock()
            self._trouble = ""

    def waited_in_vain(self, trouble: str) -> None:
        """Note what somebody waited for; it counts only while storage is silent."""
        with self._lock:
            if self._is_silent():
                self._trouble = trouble

    def patience(self, place: Place) -> float:
        """Return for how many seconds this one may wait before it asks again; at 0 it has to leave."""
        with self._lock:
            if place in self._inside[:WAITING_IN_SILENCE]:
                return SILENCE_SECONDS
            return max(self._last_answer + SILENCE_SECONDS - self._clock(), 0)

    def _enter(self) -> Place:
        with self._lock:
            if self._trouble and self._inside:
                raise QueueUnavailable(f"refused at once, as storage does not answer: {self._trouble}")
            if not self._inside:
                self._last_answer = self._clock()  # nobody asked before
            elif self._is_silent() and len(self._inside) >= WAITING_IN_SILENCE:
                raise QueueUnavailable("refused at once, as storage is silent and others wait for it")
            place = Place(probing=bool(self._trouble))
            self._inside.append(place)
            return place

    def _is_silent(self) -> bool:
        return self._clock() - self._last_answer >= SILENCE_SECONDS
