"""Our queues: text messages as the Functions host expects them, and the poison queues beside them.

Imports azure-storage-queue, so the webhook loads this on its first notification, not at start-up.
"""

from contextlib import suppress
from datetime import timedelta
from math import ceil
from typing import Any, TypedDict

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import (
    LinearRetry,
    QueueClient,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)

from shared.errors import QueueUnavailable
from shared.settings import StorageSettings
from shared.storage.connection import Patience, has_time, transport, usual_patience

POISON_SUFFIX = "-poison"

_NEVER_EXPIRES = -1
_WORTH_A_RETRY_SECONDS = 0.1
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
        cls,
        name: str,
        storage: StorageSettings,
        credential: TokenCredential | None,
        patience: Patience | None = None,
    ) -> "MessageQueue":
        """Connect to the queue `name`; nothing is sent yet."""
        return cls(queue_client(name, storage, credential, base64=True, patience=patience))

    def send(self, text: str, delay: timedelta = timedelta(0)) -> None:
        """Put a message on the queue, visible after `delay`, never to expire; make a queue that is missing.

        Raises:
            QueueUnavailable: the message was not taken; the text says what stood in the way.
            OutOfTime: the deadline was over before the message was sent.
        """
        try:
            try:
                self._put(text, delay)
            except ResourceNotFoundError:
                self._create()
                self._put(text, delay)
        except AzureError as error:
            raise QueueUnavailable(f"queue {self.name} did not take a message: {_why(error)}") from error

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
    name: str,
    storage: StorageSettings,
    credential: TokenCredential | None,
    *,
    base64: bool,
    patience: Patience | None = None,
) -> QueueClient:
    """Return a client for the queue `name`; nothing is sent yet.

    `base64`, it speaks as the host does; else texts are as they lie there, whoever wrote them.
    """
    patience = patience or usual_patience()
    options = _Options(
        message_encode_policy=TextBase64EncodePolicy() if base64 else None,
        message_decode_policy=TextBase64DecodePolicy() if base64 else None,
        transport=transport(patience),
        retry_policy=_OneRetry(patience.again_after),
    )
    if storage.connection_string:
        return QueueClient.from_connection_string(storage.connection_string, name, **options)
    return QueueClient(storage.queue_url, name, credential=credential, **options)


def _why(error: AzureError) -> str:
    """Say what stood in the way, without the service's own text."""
    kind = type(error).__name__
    if isinstance(error, HttpResponseError) and error.status_code:
        return f"the storage service answered {error.status_code} ({kind})"
    if isinstance(error, ClientAuthenticationError):  # without an answer: our own credential raised it
        return f"no token for the storage service ({kind})"
    if isinstance(error, ServiceRequestError):
        return f"no connection to the storage service ({kind})"
    if isinstance(error, ServiceResponseError):
        return f"no answer from the storage service ({kind})"
    return kind


class _OneRetry(LinearRetry):
    """Retries once, unless the deadline comes first: then the first failure is what its caller hears of."""

    def __init__(self, after: int) -> None:
        super().__init__(backoff=after, random_jitter_range=after, retry_total=1)

    def increment(self, settings: dict[str, Any], *args: Any, **kwargs: Any) -> bool:
        """Tell whether to retry; the SDK asks after each failure."""
        return super().increment(settings, *args, **kwargs) and has_time(
            self.backoff + _WORTH_A_RETRY_SECONDS
        )


class _Options(TypedDict):
    """The host expects base64; the SDK's own default is plain text."""

    message_encode_policy: TextBase64EncodePolicy | None
    message_decode_policy: TextBase64DecodePolicy | None
    transport: RequestsTransport
    retry_policy: _OneRetry
