"""Sends messages to the queues, encoded as the Functions host expects them.

Imports azure-storage-queue, so the webhook loads this module with its first notification, not at start-up.
"""

from contextlib import suppress
from datetime import timedelta
from math import ceil
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import (
    LinearRetry,
    QueueClient,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)

from shared.errors import QueueUnavailable
from shared.settings import StorageSettings
from shared.storage.connection import Timeouts, build_client, default_timeouts, has_time
from shared.storage.errors import storage_errors
from shared.storage.queue_models import complete_queue_models

POISON_SUFFIX = "-poison"

_NEVER_EXPIRES = -1
#: A retry with less time than this left would fail.
_SHORTEST_RETRY_SECONDS = 0.1
_LONGEST_DELAY = timedelta(days=7) - timedelta(seconds=1)


class MessageQueue:
    """One storage queue that Joinlink sends to; threads may share it."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @property
    def name(self) -> str:
        """Return the queue's name."""
        return str(self._client.queue_name)

    @classmethod
    def connect(
        cls,
        name: str,
        storage: StorageSettings,
        credential: TokenCredential | None,
        timeouts: Timeouts | None = None,
    ) -> "MessageQueue":
        """Return the queue `name`. It sends nothing yet."""
        return cls(queue_client(name, storage, credential, base64=True, timeouts=timeouts))

    def send(self, text: str, delay: timedelta = timedelta(0)) -> None:
        """Put a message on the queue, visible after `delay`; it never expires. Create the queue if needed.

        Raises:
            QueueUnavailable: the queue did not take the message; the text names the cause.
            OutOfTime: the deadline passed before the message was sent.
        """
        with storage_errors(f"queue {self.name} did not take a message", QueueUnavailable):
            try:
                self._put(text, delay)
            except ResourceNotFoundError:
                self._create()
                self._put(text, delay)

    def ensure(self) -> None:
        """Create the queue if it is missing: the Functions host only logs that it is.

        Raises:
            QueueUnavailable: the queue does not answer, or can't be created.
        """
        with storage_errors(f"queue {self.name} can't be created", QueueUnavailable):
            try:
                self._client.get_queue_properties()
            except ResourceNotFoundError:
                self._create()

    def length(self) -> int:
        """Return the approximate number of messages, invisible ones included; 0 if the queue is missing.

        Raises:
            QueueUnavailable: the queue does not answer.
        """
        with storage_errors(f"queue {self.name} can't be counted", QueueUnavailable):
            try:
                return self._client.get_queue_properties().approximate_message_count or 0
            except ResourceNotFoundError:
                return 0

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _put(self, text: str, delay: timedelta) -> None:
        seconds = ceil(min(delay, _LONGEST_DELAY).total_seconds())
        self._client.send_message(text, visibility_timeout=seconds, time_to_live=_NEVER_EXPIRES)

    def _create(self) -> None:
        with suppress(ResourceExistsError):  # another instance was faster
            self._client.create_queue()


def queue_client(
    name: str,
    storage: StorageSettings,
    credential: TokenCredential | None,
    *,
    base64: bool,
    timeouts: Timeouts | None = None,
) -> QueueClient:
    """Return a client for the queue `name`. It sends nothing yet.

    With `base64` it encodes and decodes texts as the Functions host does; without, texts stay as they are.
    """
    complete_queue_models()
    timeouts = timeouts or default_timeouts()
    return build_client(
        QueueClient,
        storage.queue_url,
        name,
        storage,
        credential,
        timeouts=timeouts,
        message_encode_policy=TextBase64EncodePolicy() if base64 else None,
        message_decode_policy=TextBase64DecodePolicy() if base64 else None,
        retry_policy=_OneRetry(timeouts.retry_after),
    )


class _OneRetry(LinearRetry):
    """Retries once, unless the deadline comes first: then the caller gets the first failure."""

    def __init__(self, after: int) -> None:
        super().__init__(backoff=after, random_jitter_range=after, retry_total=1)

    def increment(self, settings: dict[str, Any], *args: Any, **kwargs: Any) -> bool:
        """Return whether to retry; the SDK calls this after each failure."""
        return super().increment(settings, *args, **kwargs) and has_time(
            self.backoff + _SHORTEST_RETRY_SECONDS
        )
