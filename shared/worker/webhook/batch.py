"""The messages of one POST on their way: what still waits for a sender, and how it ended.

A message for each change is the rule: it is retried, delayed and set aside by itself. Where there is no time
left for that, changes travel together as fellows of the first, and the worker takes them apart again.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Event, Lock
from typing import NamedTuple, Protocol

from shared.domain.messages import BundledChange, EventChange, Message

#: A poison queue keeps 7,000 bytes of a message.
_MOST_BYTES = 6_500
#: beside the texts of a fellow: brackets, quotes and commas
_FELLOW_BYTES = 12


class Queue(Protocol):
    """Takes messages."""

    @property
    def name(self) -> str:
        """The queue's name."""

    def send(self, text: str, delay: timedelta = ...) -> None:
        """Put a message on the queue, visible after `delay`."""


class Outgoing(NamedTuple):
    """A message, the queue that it goes to, and how long it stays invisible there."""

    queue: Queue
    message: Message
    delay: timedelta


class Batch:
    """The messages of one POST; safe to share between threads."""

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        self.waiting = deque(messages)
        self.ended = Event()
        self.error: Exception | None = None
        self._all = len(messages)
        self._taken = 0
        self._lock = Lock()

    def next(self, *, together: bool) -> Outgoing | None:
        """Return what a sender takes next, None where nothing waits; `together`, as many as fit."""
        with self._lock:
            if not self.waiting:
                return None
            first = self.waiting.popleft()
            if not together or not isinstance(first.message, EventChange):
                return first
            return first._replace(message=replace(first.message, fellows=self._fellows_of(first.message)))

    def taken(self, sent: Outgoing) -> None:
        """Count what a queue took."""
        fellows = sent.message.fellows if isinstance(sent.message, EventChange) else ()
        with self._lock:
            self._taken += 1 + len(fellows)
            if self._taken == self._all:
                self.ended.set()

    def fail(self, error: Exception) -> None:
        """End the batch with an error; the first one stands."""
        self.error = self.error or error
        self.stop()
        self.ended.set()

    def stop(self) -> None:
        """Give nothing to the senders any more."""
        with self._lock:
            self.waiting.clear()

    def progress(self) -> str:
        """Say how far it came."""
        return f"{self._taken} of {self._all} messages were taken in time"

    def _fellows_of(self, first: EventChange) -> tuple[BundledChange, ...]:
        fellows: list[BundledChange] = []
        room = _MOST_BYTES - len(first.encode())
        while self.waiting and isinstance(change := self.waiting[0].message, EventChange):
            fellow = BundledChange(change.mailbox, change.event, change.trace)
            room -= sum(map(len, fellow)) + _FELLOW_BYTES
            if room < 0:
                break
            self.waiting.popleft()
            fellows.append(fellow)
        return tuple(fellows)
