"""Reads the poison queues. Each message is leased, so that no other process puts it back meanwhile.

There are two kinds of messages. An envelope of Joinlink's has the reason and never expires
(`shared.domain.poison_envelope`). A message that the Functions host moved there is unchanged, perhaps not
even base64, and expires after seven days.
"""

import base64
import binascii
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from shared.errors import QueueUnavailable
from shared.settings import StorageSettings
from shared.storage.errors import storage_errors
from shared.storage.queues import POISON_SUFFIX, queue_client

#: Long enough for a person to read a table and confirm; a killed command blocks the queue no longer.
LEASE = timedelta(minutes=15)
_PAGE = 32


@dataclass(frozen=True, slots=True)
class LeasedMessage:
    """A message of a poison queue that this process has leased; `receipt` proves it to the service."""

    id: str
    receipt: str
    body: bytes
    #: when it was put into the poison queue
    since: datetime
    #: the text as it is in the queue, base64 or not
    content: str = ""
    expires: bool = False


class PoisonQueue:
    """The poison queue that belongs to the queue `name`. Every method raises `QueueUnavailable`."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @classmethod
    def connect(
        cls, name: str, storage: StorageSettings, credential: TokenCredential | None
    ) -> "PoisonQueue":
        """Return the poison queue of the queue `name`. It sends nothing yet."""
        return cls(queue_client(name + POISON_SUFFIX, storage, credential, base64=False))

    def lease(self, lease: timedelta = LEASE, *, most: int | None = None) -> Iterator[LeasedMessage]:
        """Lease all messages, or the first `most`; none if the queue does not exist."""
        seconds = lease // timedelta(seconds=1)
        with self._queue_errors(), suppress(ResourceNotFoundError):
            for message in self._client.receive_messages(
                messages_per_page=min(_PAGE, most or _PAGE), visibility_timeout=seconds, max_messages=most
            ):
                yield _leased(message)

    def has_nothing_that_expires(self) -> bool:
        """Return whether no message expires, as far as can be seen without a lease."""
        with self._queue_errors(), suppress(ResourceNotFoundError):
            shown = self._client.peek_messages(_PAGE)
            return len(shown) < _PAGE and not any(_expires(message) for message in shown)
        return True

    def add(self, text: str) -> None:
        """Put a text into the queue unchanged; it never expires."""
        with self._queue_errors():
            self._client.send_message(text, time_to_live=-1)

    def delete(self, message: LeasedMessage) -> None:
        """Delete a leased message; it may be gone already."""
        with self._queue_errors(), suppress(ResourceNotFoundError):
            self._client.delete_message(message.id, message.receipt)

    def release(self, message: LeasedMessage) -> None:
        """End the lease: the message is visible again."""
        with self._queue_errors(), suppress(ResourceNotFoundError):
            self._client.update_message(message.id, message.receipt, visibility_timeout=0)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _queue_errors(self) -> AbstractContextManager[None]:
        return storage_errors(f"queue {self._client.queue_name} is not available", QueueUnavailable)


def _leased(message: QueueMessage) -> LeasedMessage:
    assert message.pop_receipt is not None
    assert message.inserted_on is not None
    content = str(message.content)
    body, expires = _body(content), _expires(message)
    return LeasedMessage(message.id, message.pop_receipt, body, message.inserted_on, content, expires)


def _expires(message: QueueMessage) -> bool:
    # A message that never expires shows the last possible year.
    return message.expires_on is not None and message.expires_on.year < MAXYEAR


def _body(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):  # another tool wrote it
        return content.encode("utf-8", "surrogatepass")
