"""The gate before a mailbox: few requests at a time, one look at an event at a time, none while throttled.

Exchange allows four concurrent requests to an app and mailbox; each change makes one at a time, and three
changes leave one for an admin at the desk (https://learn.microsoft.com/graph/throttling-limits).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from shared.worker.common import delays

MAX_CONCURRENT = 3
#: More throttled mailboxes are not remembered; those that were throttled first are forgotten.
MAX_CLOSED = 10_000
#: A mailbox that was not throttled for so long begins with short waits again.
_FORGOTTEN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Closed:
    """Until when a mailbox is left alone, and how often it was throttled before without a success between."""

    until: datetime
    times: int


class MailboxGate:
    """Admits changes of this process; holds no thread, for whoever is refused is sent again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside: Counter[str] = Counter()
        self._events: set[tuple[str, str]] = set()
        #: in the order in which they were throttled
        self._closed: dict[str, _Closed] = {}

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
        """Return how long the mailbox is to be left alone from `now` on; zero if it is not."""
        with self._lock:
            closed = self._closed.get(mailbox)
            return max(closed.until - now, timedelta(0)) if closed else timedelta(0)

    def close(self, mailbox: str, now: datetime, retry_after: timedelta) -> None:
        """Note that Graph asked us to leave this mailbox alone; calls before count against us.

        However short Graph's wait is, ours doubles as long as nothing succeeds.
        """
        with self._lock:
            before = self._closed.pop(mailbox, None)
            self._closed[mailbox] = _closed_again(before, now, retry_after)
            if len(self._closed) > MAX_CLOSED:
                del self._closed[next(iter(self._closed))]

    def reopen(self, mailbox: str, now: datetime) -> None:
        """Note that Graph has answered about this mailbox, unless that was before it was throttled."""
        with self._lock:
            closed = self._closed.get(mailbox)
            if closed and closed.until <= now:
                del self._closed[mailbox]

    def _admit(self, mailbox: str, event: str) -> bool:
        with self._lock:
            if self._inside[mailbox] >= MAX_CONCURRENT or (mailbox, event) in self._events:
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


def _closed_again(before: _Closed | None, now: datetime, retry_after: timedelta) -> _Closed:
    if before is None or abs(now - before.until) >= _FORGOTTEN:
        return _Closed(now + delays.throttled(retry_after, 0), 0)
    if now < before.until:  # several were under way when the first was throttled: they count once
        wait = delays.throttled(retry_after, before.times)
        return _Closed(max(now + wait, before.until), before.times)
    return _Closed(now + delays.throttled(retry_after, before.times + 1), before.times + 1)
