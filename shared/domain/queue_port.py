"""The port to a queue service: what Joinlink needs to send messages to a queue and to manage it.

`shared.storage.queues` implements it for Azure Storage. Another service needs another class, and another
trigger in `functions/`. Standard library only.
"""

from datetime import timedelta
from typing import Protocol


class QueueSender(Protocol):
    """Sends messages to one queue; safe to share between threads."""

    @property
    def name(self) -> str:
        """The queue's name."""

    def send(self, text: str, delay: timedelta = timedelta(0), /) -> None:
        """Put a message on the queue, visible after `delay`. It never expires.

        Raises:
            QueueUnavailable: the queue did not accept the message.
            OutOfTime: the deadline passed before the message was sent.
        """


class ManagedQueue(QueueSender, Protocol):
    """A queue that Joinlink also creates and counts."""

    def ensure(self) -> None:
        """Create the queue if it does not exist. Raises QueueUnavailable."""

    def length(self) -> int:
        """Return about how many messages the queue holds. Raises QueueUnavailable."""
