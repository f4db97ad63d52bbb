"""Measures a queue: how many messages are in it, and how long the oldest has been waiting."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from shared.errors import QueueUnavailable
from shared.settings import StorageSettings
from shared.storage.connection import ServiceTime
from shared.storage.errors import storage_errors
from shared.storage.queues import queue_client


@dataclass(frozen=True, slots=True)
class QueueMetrics:
    """The state of a queue at one moment.

    `messages` includes invisible messages. `oldest` is the age of the first visible message, None if no
    message is visible: a message that waits for its time is not late.
    """

    messages: int
    oldest: timedelta | None = None


class QueueMonitor:
    """Measures one queue without taking a message."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @classmethod
    def connect(
        cls, name: str, storage: StorageSettings, credential: TokenCredential | None
    ) -> "QueueMonitor":
        """Return the monitor of the queue `name`. It sends nothing yet."""
        # No decoding: a message that is not base64 counts, too.
        return cls(queue_client(name, storage, credential, base64=False))

    def read(self) -> QueueMetrics:
        """Return the queue's state now; zero messages if the queue does not exist.

        Raises:
            QueueUnavailable: the service does not answer.
        """
        time = ServiceTime()
        with (
            storage_errors(f"queue {self._client.queue_name} is not available", QueueUnavailable),
            suppress(ResourceNotFoundError),
        ):
            count = self._client.get_queue_properties().approximate_message_count or 0
            first = self._client.peek_messages(1, raw_response_hook=time)
            return QueueMetrics(count, _age(first[0].inserted_on, time.value) if first else None)
        return QueueMetrics(0)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _age(inserted: datetime | None, now: datetime | None) -> timedelta | None:
    """Return a message's age by the service's own time, so that no other clock distorts it."""
    return max(now - inserted, timedelta(0)) if now and inserted else None
