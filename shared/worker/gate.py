"""The gate before a mailbox: few requests at a time, one look at an event at a time, none while throttled.

Exchange allows four concurrent requests to an app and mailbox; each change makes one at a time, and three
changes leave one for an admin at the desk (https://learn.microsoft.com/graph/throttling-limits).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock

AT_A_TIME = 3


class MailboxGate:
    """Admits changes of this process; holds no thread, for whoever is refused is sent again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside: Counter[str] = Counter()
        self._events: set[tuple[str, str]] = set()
        self._closed_until: dict[str, datetime] = {}

    @contextmanager
    def enter(self, mailbox: str, event: str) -> Iterator[bool]:
        """Yield whether the change may go on; whoever was admitted leaves at the end of the block."""
        admitted = self._admit(mailbox, event)
        try:
            yield admitted
        finally:
            if admitted:
                self._leave(mailbox, event)

    def throttled_for(self, mailbox: str, now: datetime) -> timedelta:
        """Return how long Graph asked us to leave this mailbox alone from `now` on; zero if it did not."""
        with self._lock:
            until = self._closed_until.get(mailbox, now)
            if until <= now:
                self._closed_until.pop(mailbox, None)
            return max(until - now, timedelta(0))

    def close(self, mailbox: str, until: datetime) -> None:
        """Note that Graph asked us to leave this mailbox alone until then; calls before count against us."""
        with self._lock:
            self._closed_until[mailbox] = max(until, self._closed_until.get(mailbox, until))

    def _admit(self, mailbox: str, event: str) -> bool:
        with self._lock:
            if self._inside[mailbox] >= AT_A_TIME or (mailbox, event) in self._events:
                return False
            self._inside[mailbox] += 1
            self._events.add((mailbox, event))
            return True

    def _leave(self, mailbox: str, event: str) -> None:
        with self._lock:
            self._events.discard((mailbox, event))
            self._inside[mailbox] -= 1
            if not self._inside[mailbox]:
                del self._inside[mailbox]
