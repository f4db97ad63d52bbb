"""A queue in memory, which takes messages through the product's port to a queue service."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from math import ceil
from threading import Lock


@dataclass(frozen=True, slots=True)
class QueuedText:
    """A message: its text, when it was put on the queue, and how often it was dequeued."""

    text: str
    queued: datetime
    dequeued: int = 0


class MemoryQueue:
    """A `ManagedQueue` with messages in the order in which they become visible; threads may share it.

    `peak` is the most messages it had at once, invisible ones too.
    """

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        self.name = name
        self.peak = 0
        self._now = now
        self._lock = Lock()
        self._numbers = count()
        self._messages: list[tuple[datetime, int, QueuedText]] = []

    def send(self, text: str, delay: timedelta = timedelta(0), /) -> None:
        """Enqueue a message, visible after `delay`; as in a storage queue, that is rounded up to a second."""
        self._put(QueuedText(text, self._now()), timedelta(seconds=ceil(delay.total_seconds())))

    def put_back(self, message: QueuedText, delay: timedelta) -> None:
        """Let a message that was dequeued become visible again after `delay`, as when its lease ends."""
        self._put(message, delay)

    def ensure(self) -> None:
        """Do nothing: the queue is there."""

    def length(self) -> int:
        """Return the number of messages, invisible ones included."""
        return len(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def next_visible(self) -> datetime | None:
        """When the next message becomes visible; None if the queue is empty."""
        return self._messages[0][0] if self._messages else None

    @property
    def texts(self) -> list[str]:
        """The texts of all messages."""
        return [message.text for _, _, message in sorted(self._messages, key=lambda one: one[:2])]

    def take(self) -> str | None:
        """Dequeue the message that has been visible longest, return its text; None if none is visible."""
        message = self.dequeue()
        return message.text if message else None

    def dequeue(self) -> QueuedText | None:
        """Dequeue the message that has been visible longest; return None if none is visible."""
        with self._lock:
            if not self._messages or self._messages[0][0] > self._now():
                return None
            message = heapq.heappop(self._messages)[2]
            return replace(message, dequeued=message.dequeued + 1)

    def _put(self, message: QueuedText, delay: timedelta) -> None:
        with self._lock:
            heapq.heappush(self._messages, (self._now() + delay, next(self._numbers), message))
            self.peak = max(self.peak, len(self._messages))
