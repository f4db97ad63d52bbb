"""Limits the requests to one mailbox: few at a time, one for each event, and none while it is throttled.

Exchange allows an app four concurrent requests to a mailbox. Each change sends one at a time, so three
changes leave one request for an admin's commands (https://learn.microsoft.com/graph/throttling-limits).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from shared.worker.common import delays

MAX_CONCURRENT = 3
#: Only this many throttled mailboxes are remembered; the one that was throttled first is forgotten first.
MAX_THROTTLED = 10_000
#: After this time without throttling, a mailbox starts with short waits again.
_RESET_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Throttling:
    """Until when a mailbox is throttled, and how often it was throttled before without a success since."""

    until: datetime
    times: int


class MailboxGate:
    """Admits changes to mailboxes in this process. It blocks no thread: a refused change is sent again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._active: Counter[str] = Counter()
        self._events: set[tuple[str, str]] = set()
        #: by mailbox, in the order in which they were throttled
        self._throttled: dict[str, _Throttling] = {}

    @contextmanager
    def enter(self, mailbox: str, event: str) -> Iterator[bool]:
        """Yield whether the change is admitted; its place is free again at the end of the block."""
        is_admitted = self._admit(mailbox, event)
        try:
            yield is_admitted
        finally:
            if is_admitted:
                self._release(mailbox, event)

    def throttled_for(self, mailbox: str, now: datetime) -> timedelta:
        """Return for how long from `now` the mailbox must get no requests; zero if it is not throttled."""
        with self._lock:
            throttling = self._throttled.get(mailbox)
            return max(throttling.until - now, timedelta(0)) if throttling else timedelta(0)

    def throttle(self, mailbox: str, now: datetime, retry_after: timedelta) -> None:
        """Note that Graph throttled the mailbox: until then, requests fail and prolong the throttling.

        The wait is at least `retry_after`, and doubles as long as no request succeeds.
        """
        with self._lock:
            before = self._throttled.pop(mailbox, None)
            self._throttled[mailbox] = _next_throttling(before, now, retry_after)
            if len(self._throttled) > MAX_THROTTLED:
                del self._throttled[next(iter(self._throttled))]

    def note_success(self, mailbox: str, now: datetime) -> None:
        """Note that Graph served the mailbox. A request from before the throttling does not count."""
        with self._lock:
            throttling = self._throttled.get(mailbox)
            if throttling and throttling.until <= now:
                del self._throttled[mailbox]

    def _admit(self, mailbox: str, event: str) -> bool:
        with self._lock:
            if self._active[mailbox] >= MAX_CONCURRENT or (mailbox, event) in self._events:
                return False
            self._active[mailbox] += 1
            self._events.add((mailbox, event))
            return True

    def _release(self, mailbox: str, event: str) -> None:
        with self._lock:
            self._events.discard((mailbox, event))
            self._active[mailbox] -= 1
            if not self._active[mailbox]:
                del self._active[mailbox]


def _next_throttling(before: _Throttling | None, now: datetime, retry_after: timedelta) -> _Throttling:
    if before is None or abs(now - before.until) >= _RESET_AFTER:
        return _Throttling(now + delays.throttled(retry_after, 0), 0)
    if now < before.until:
        # Requests that were sent before the first one was throttled count once.
        wait = delays.throttled(retry_after, before.times)
        return _Throttling(max(now + wait, before.until), before.times)
    return _Throttling(now + delays.throttled(retry_after, before.times + 1), before.times + 1)
