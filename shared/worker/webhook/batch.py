"""The messages of one POST: which still wait for a sender, and how sending ended.

Usually each change has its own message, so that each can be retried, delayed and moved to the poison queue by
itself. When time is short, one message takes several changes, and the worker splits it again.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Event, Lock
from typing import NamedTuple

from shared.domain.messages import BatchedChange, EventChange, Message
from shared.domain.queue_port import QueueSender

#: A poison queue keeps 7,000 bytes of a message.
_MAX_MESSAGE_BYTES = 6_500
#: brackets, quotes and commas around the texts of a batched change
_SYNTAX_BYTES = 12


class OutgoingMessage(NamedTuple):
    """A message, the queue that it goes to, and how long it stays invisible there."""

    queue: QueueSender
    message: Message
    delay: timedelta


class Batch:
    """The messages of one POST; safe to share between threads."""

    def __init__(self, messages: Sequence[OutgoingMessage]) -> None:
        self.waiting = deque(messages)
        self.ended = Event()
        self.error: Exception | None = None
        self._total = len(messages)
        self._sent = 0
        self._lock = Lock()

    def next(self, *, combine: bool) -> OutgoingMessage | None:
        """Return the next message to send, None where none waits; `combine` adds the changes that fit in."""
        with self._lock:
            if not self.waiting:
                return None
            first = self.waiting.popleft()
            if not combine or not isinstance(first.message, EventChange):
                return first
            combined = replace(first.message, batched=self._take_fitting(first.message))
            return first._replace(message=combined)

    def note_sent(self, sent: OutgoingMessage) -> None:
        """Count the changes of a message that its queue took."""
        batched = sent.message.batched if isinstance(sent.message, EventChange) else ()
        with self._lock:
            self._sent += 1 + len(batched)
            if self._sent == self._total:
                self.ended.set()

    def fail(self, error: Exception) -> None:
        """End the batch with an error; only the first error counts."""
        self.error = self.error or error
        self.stop()
        self.ended.set()

    def stop(self) -> None:
        """Give no more messages to the senders."""
        with self._lock:
            self.waiting.clear()

    def progress(self) -> str:
        """Return how many messages were sent, as text."""
        return f"{self._sent} of {self._total} messages were queued in time"

    def _take_fitting(self, first: EventChange) -> tuple[BatchedChange, ...]:
        taken: list[BatchedChange] = []
        room = _MAX_MESSAGE_BYTES - len(first.encode())
        while self.waiting and isinstance(change := self.waiting[0].message, EventChange):
            batched = BatchedChange(change.mailbox, change.event, change.trace)
            room -= sum(map(len, batched)) + _SYNTAX_BYTES
            if room < 0:
                break
            self.waiting.popleft()
            taken.append(batched)
        return tuple(taken)
