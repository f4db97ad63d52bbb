"""A circuit breaker: while Graph is down, messages wait instead of calling it. Time is passed in.

The circuit opens when calls for five different mailboxes fail without a success in between. So one mailbox
that is being moved stops no other. While the circuit is open, one probe at a time goes through. Any answer
of Graph's closes the circuit; a probe without an answer doubles the wait.
"""

from datetime import datetime, timedelta
from threading import Lock

FAILING_MAILBOXES = 5
FIRST_WAIT = timedelta(seconds=10)
MAX_WAIT = timedelta(minutes=5)
#: After this time a probe has its answer, or its thread is dead.
PROBE_TIMEOUT = timedelta(seconds=60)


class CircuitBreaker:
    """One for all threads of a process; no call is made while its lock is held."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failing: set[str] = set()
        self._wait = FIRST_WAIT
        #: when the next probe may go; None while the circuit is closed
        self._next_probe: datetime | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls wait for a probe."""
        with self._lock:
            return self._next_probe is not None

    def wait(self, now: datetime) -> timedelta:
        """Return how long a call must wait. Zero lets it go; while the circuit is open it is the probe."""
        with self._lock:
            if self._next_probe is None:
                return timedelta(0)
            left = self._next_probe - now
            # A clock that was set back must not make the wait longer.
            if timedelta(0) < left <= max(MAX_WAIT, PROBE_TIMEOUT):
                return left
            self._next_probe, self._is_probing = now + PROBE_TIMEOUT, True
            return timedelta(0)

    def succeeded(self) -> bool:
        """Record that Graph answered, also with a refusal; return whether that closed the circuit."""
        with self._lock:
            was_open = self._next_probe is not None
            self._failing.clear()
            self._wait, self._next_probe, self._is_probing = FIRST_WAIT, None, False
            return was_open

    def failed(self, mailbox: str, now: datetime) -> bool:
        """Record a call without an answer; return whether that opened the circuit."""
        with self._lock:
            if self._next_probe is None:
                self._failing.add(mailbox)
                if len(self._failing) < FAILING_MAILBOXES:
                    return False
                self._next_probe = now + self._wait
                return True
            # Calls that were in progress when it opened fail too: only a failed probe makes the wait longer.
            if self._is_probing:
                self._wait = min(self._wait * 2, MAX_WAIT)
                self._next_probe, self._is_probing = now + self._wait, False
            return False
