"""A storage queue in memory, with the methods of the SDK's `QueueClient` that the product calls."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, cast

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shared.storage.queues import MessageQueue

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient


class MemoryQueue:
    """Messages in the order in which they become visible; safe to share between threads.

    `peak` is the most messages it had at once, invisible ones too.
    """

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        self.queue_name = name
        self.peak = 0
        self._now = now
        self._lock = Lock()
        self._is_there = False
        self._numbers = count()
        self._messages: list[tuple[datetime, int, str]] = []

    def connect(self) -> MessageQueue:
        """Return the product's connection to this queue."""
        return MessageQueue(cast("QueueClient", self))

    def create_queue(self) -> None:
        """Create the queue; raise ResourceExistsError as the SDK does."""
        with self._lock:
            if self._is_there:
                raise ResourceExistsError
            self._is_there = True

    def send_message(self, content: str, *, visibility_timeout: int, time_to_live: int) -> None:
        """Enqueue a message, invisible for some seconds; raise ResourceNotFoundError."""
        assert time_to_live == -1, "messages of the simulation never expire"
        visible = self._now() + timedelta(seconds=visibility_timeout)
        with self._lock:
            if not self._is_there:
                raise ResourceNotFoundError
            heapq.heappush(self._messages, (visible, next(self._numbers), content))
            self.peak = max(self.peak, len(self._messages))

    def close(self) -> None:
        """Do nothing: there is no connection."""

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
