"""The breaker: while Graph is down as a whole, messages wait instead of hammering it. Time is passed in.

It opens on failures of five different mailboxes without a success between, so that one mailbox that moves
stops nobody else. While it is open, one call at a time goes through as a probe. Whatever Graph answers to it
closes the breaker; no answer doubles the wait.
"""

from datetime import datetime, timedelta
from threading import Lock

MAILBOXES = 5
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=5)
#: a probe has its answer by then, or its thread is dead
PROBE = timedelta(seconds=60)


class Breaker:
    """One for all threads of a process; its lock is held for no call."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failing: set[str] = set()
        self._wait = FIRST_WAIT
        #: while it is open: when the next probe may go
        self._until: datetime | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls wait for a probe."""
        with self._lock:
            return self._until is not None

    def wait(self, now: datetime) -> timedelta:
        """Return how long a call must wait, zero where it may go; while open, that call is the probe."""
        with self._lock:
            if self._until is None:
                return timedelta(0)
            left = self._until - now
            # A clock that was set back must not lengthen the wait.
            if timedelta(0) < left <= max(LONGEST_WAIT, PROBE):
                return left
            self._until, self._is_probing = now + PROBE, True
            return timedelta(0)

    def succeeded(self) -> bool:
        """Note an answer of Graph's, whatever it says; return whether that closed the breaker."""
        with self._lock:
            was_open = self._until is not None
            self._failing.clear()
            self._wait, self._until, self._is_probing = FIRST_WAIT, None, False
            return was_open

    def failed(self, mailbox: str, now: datetime) -> bool:
        """Note a call without an answer; return whether that opened the breaker."""
        with self._lock:
            if self._until is None:
                self._failing.add(mailbox)
                if len(self._failing) < MAILBOXES:
                    return False
                self._until = now + self._wait
                return True
            # Calls that were under way when it opened fail, too: only a probe's failure lengthens the wait.
            if self._is_probing:
                self._wait = min(self._wait * 2, LONGEST_WAIT)
                self._until, self._is_probing = now + self._wait, False
            return False
