"""Our queues: text messages as the Functions host expects them, and the poison queues beside them.

Imports azure-storage-queue, so the webhook loads this on its first notification, not at start-up.
"""

from contextlib import suppress
from datetime import timedelta
from math import ceil
from typing import TypedDict

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import (
    LinearRetry,
    QueueClient,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)

from shared.errors import QueueUnavailable
from shared.settings import StorageSettings
from shared.storage.connection import transport

POISON_SUFFIX = "-poison"

_NEVER_EXPIRES = -1
_LONGEST_DELAY = timedelta(days=7) - timedelta(seconds=1)


class MessageQueue:
    """One storage queue that we send to; safe to share between threads."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @property
    def name(self) -> str:
        """Return the queue's name."""
        return str(self._client.queue_name)

    @classmethod
    def connect(
        cls, name: str, storage: StorageSettings, credential: TokenCredential | None
    ) -> "MessageQueue":
        """Connect to the queue `name`; nothing is sent yet."""
        return cls(queue_client(name, storage, credential, base64=True))

    def send(self, text: str, delay: timedelta = timedelta(0)) -> None:
        """Put a message on the queue, visible after `delay`, never to expire; make a queue that is missing.

        Raises:
            QueueUnavailable: the message was not taken.
        """
        try:
            try:
                self._put(text, delay)
            except ResourceNotFoundError:
                self._create()
                self._put(text, delay)
        except AzureError as error:
            raise QueueUnavailable(
                f"queue {self.name} did not take a message: {type(error).__name__}"
            ) from error

    def ensure(self) -> None:
        """Create the queue where it is missing: the Functions host only complains about it.

        Raises:
            QueueUnavailable: the queue does not answer, or can't be created.
        """
        try:
            try:
                self._client.get_queue_properties()
            except ResourceNotFoundError:
                self._create()
        except AzureError as error:
            raise QueueUnavailable(f"queue {self.name} can't be created: {type(error).__name__}") from error

    def length(self) -> int:
        """Return about how many messages there are, invisible ones too; 0 where the queue is missing.

        Raises:
            QueueUnavailable: the queue does not answer.
        """
        try:
            return self._client.get_queue_properties().approximate_message_count or 0
        except ResourceNotFoundError:
            return 0
        except AzureError as error:
            raise QueueUnavailable(f"queue {self.name} can't be counted: {type(error).__name__}") from error

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
    name: str, storage: StorageSettings, credential: TokenCredential | None, *, base64: bool
) -> QueueClient:
    """Return a client for the queue `name`; nothing is sent yet.

    `base64`, it speaks as the host does; else texts are as they lie there, whoever wrote them.
    """
    options = _Options(
        message_encode_policy=TextBase64EncodePolicy() if base64 else None,
        message_decode_policy=TextBase64DecodePolicy() if base64 else None,
        transport=transport(),
        retry_policy=LinearRetry(backoff=1, retry_total=1, random_jitter_range=1),
    )
    if storage.connection_string:
        return QueueClient.from_connection_string(storage.connection_string, name, **options)
    return QueueClient(storage.queue_url, name, credential=credential, **options)


class _Options(TypedDict):
    """The host expects base64; the SDK's own default is plain text."""

    message_encode_policy: TextBase64EncodePolicy | None
    message_decode_policy: TextBase64DecodePolicy | None
    transport: RequestsTransport
    retry_policy: LinearRetry
