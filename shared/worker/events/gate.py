"""Limits the requests to one mailbox: few at a time, one for each event, and none while it is throttled.

Exchange allows an app four concurrent requests to a mailbox. Each change sends one at a time, so three
changes leave one request for an admin's commands (https://learn.microsoft.com/graph/throttling-limits).
The four are for all hosts together: a host that meets the limit gives up one of its places for a while.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Condition, Lock

from shared.worker.common import delays
from shared.worker.events.recent_keys import RecentKeys

MAX_CONCURRENT = 3
#: This many changes of a mailbox, and of all mailboxes, may wait for a place in their threads.
MAX_WAITING, MAX_WAITING_IN_ALL = 4, 8
#: Only this many throttled mailboxes are remembered; the one that was throttled first is forgotten first.
MAX_THROTTLED = 10_000
#: After this time without throttling, a mailbox starts with short waits again.
_RESET_AFTER = timedelta(hours=1)
#: how long a host uses fewer places of a mailbox after Exchange refused a request for concurrency
_NARROW_FOR = timedelta(minutes=10)
#: Threads read the clock before they take their turn here.
_LATE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Throttling:
    """Until when a mailbox is throttled, and how often it was throttled before without a success since."""

    until: datetime
    times: int


class MailboxGate:
    """Admits changes to mailboxes in this process. Few threads wait; other refused changes are sent again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._released = Condition(self._lock)
        self._active: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        #: by mailbox and event: when the message that is handled was dequeued, if its read answers copies
        self._events: dict[tuple[str, str], datetime | None] = {}
        #: by mailbox, in the order in which they were throttled
        self._throttled: dict[str, _Throttling] = {}
        #: by mailbox: its places, and until when they are fewer
        self._narrowed: RecentKeys[str, tuple[int, datetime]] = RecentKeys(MAX_THROTTLED)

    @contextmanager
    def enter(
        self,
        mailbox: str,
        event: str,
        *,
        taken: datetime | None = None,
        patience: timedelta = timedelta(0),
        now: datetime | None = None,
    ) -> Iterator[bool]:
        """Yield whether the change is admitted; its place is free again at the end of the block.

        If the mailbox is full, wait for up to `patience`. `now` tells whether it has fewer places; without
        it, it has all. `taken` is when the change's message was dequeued, None if its read must not answer
        copies.
        """
        is_admitted = self._admit(mailbox, event, taken, patience.total_seconds(), now)
        try:
            yield is_admitted
        finally:
            if is_admitted:
                self._release(mailbox, event)

    def running_since(self, mailbox: str, event: str) -> datetime | None:
        """Return when the message that is handled for an event was dequeued, if its read answers copies."""
        with self._lock:
            return self._events.get((mailbox, event))

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

    def narrow(self, mailbox: str, now: datetime) -> None:
        """Give up one place of a mailbox for ten minutes: other hosts use it, too. One place is left."""
        with self._lock:
            self._narrowed.set(mailbox, (max(self._places(mailbox, now) - 1, 1), now + _NARROW_FOR))

    def note_success(self, mailbox: str, now: datetime) -> None:
        """Note that Graph served the mailbox. A request from before the throttling does not count."""
        with self._lock:
            throttling = self._throttled.get(mailbox)
            if throttling and throttling.until <= now:
                del self._throttled[mailbox]

    def _places(self, mailbox: str, now: datetime | None) -> int:
        places, until = self._narrowed.get(mailbox) or (MAX_CONCURRENT, None)
        # A time far ahead comes from a clock that was set back since.
        is_narrow = now is not None and until is not None and now < until <= now + _NARROW_FOR + _LATE
        return places if is_narrow else MAX_CONCURRENT

    def _admit(
        self, mailbox: str, event: str, taken: datetime | None, seconds: float, now: datetime | None
    ) -> bool:
        with self._lock:
            places = self._places(mailbox, now)
            if (mailbox, event) in self._events or not self._wait_for_place(mailbox, places, seconds):
                return False
            if (mailbox, event) in self._events:  # a copy was admitted meanwhile
                return False
            self._active[mailbox] += 1
            self._events[mailbox, event] = taken
            return True

    def _wait_for_place(self, mailbox: str, places: int, seconds: float) -> bool:
        """Return whether the mailbox has a free place, now or within some seconds."""
        if self._active[mailbox] < places:
            return True
        waiting = self._waiting
        if seconds <= 0 or waiting[mailbox] >= MAX_WAITING or waiting.total() >= MAX_WAITING_IN_ALL:
            return False
        waiting[mailbox] += 1
        try:
            return self._released.wait_for(lambda: self._active[mailbox] < places, seconds)
        finally:
            waiting[mailbox] -= 1
            if not waiting[mailbox]:
                del waiting[mailbox]

    def _release(self, mailbox: str, event: str) -> None:
        with self._lock:
            del self._events[mailbox, event]
            self._active[mailbox] -= 1
            if not self._active[mailbox]:
                del self._active[mailbox]
            self._released.notify_all()


def _next_throttling(before: _Throttling | None, now: datetime, retry_after: timedelta) -> _Throttling:
    if before is None or abs(now - before.until) >= _RESET_AFTER:
        return _Throttling(now + delays.throttled(retry_after, 0), 0)
    if now < before.until:
        # Requests that were sent before the first one was throttled count once.
        wait = delays.throttled(retry_after, before.times)
        return _Throttling(max(now + wait, before.until), before.times)
    return _Throttling(now + delays.throttled(retry_after, before.times + 1), before.times + 1)
