"""A queue in memory, which takes messages through the product's port to a queue service."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from math import ceil
from threading import Lock


class MemoryQueue:
    """A `QueueSender` with messages in the order in which they become visible; threads may share it.

    `peak` is the most messages it had at once, invisible ones too.
    """

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        self.name = name
        self.peak = 0
        self._now = now
        self._lock = Lock()
        self._numbers = count()
        self._messages: list[tuple[datetime, int, str]] = []

    def send(self, text: str, delay: timedelta = timedelta(0), /) -> None:
        """Enqueue a message, visible after `delay`; as in a storage queue, that is rounded up to a second."""
        visible = self._now() + timedelta(seconds=ceil(delay.total_seconds()))
        with self._lock:
            heapq.heappush(self._messages, (visible, next(self._numbers), text))
            self.peak = max(self.peak, len(self._messages))

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def next_visible(self) -> datetime | None:
        """When the next message becomes visible; None if the queue is empty."""
        return self._messages[0][0] if self._messages else None

    def take(self) -> str | None:
        """Dequeue the message that has been visible longest; return None if none is visible."""
        with self._lock:
            if not self._messages or self._messages[0][0] > self._now():
                return None
            return heapq.heappop(self._messages)[2]
