"""The poison queues, as `replay` reads them: each message leased, so that nobody else puts it back meanwhile.

A message in there is our own envelope with the reason (`poison_text`), or what the Functions host moved
there by itself: then it is as it was on its queue, perhaps not even base64.
"""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from shared.errors import QueueUnavailable
from shared.settings import StorageSettings
from shared.storage.queues import POISON_SUFFIX, queue_client

#: Long enough for a person to read a table and say yes; a command that was killed blocks nothing for longer.
LEASE = timedelta(minutes=15)
_PAGE = 32


@dataclass(frozen=True, slots=True)
class Leased:
    """A message of a poison queue that is ours for a while; `receipt` proves it to the service."""

    id: str
    receipt: str
    body: bytes
    #: when it came to lie here
    since: datetime


class PoisonQueue:
    """The poison queue beside the queue `name`. Every method raises `QueueUnavailable`."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @classmethod
    def connect(
        cls, name: str, storage: StorageSettings, credential: TokenCredential | None
    ) -> "PoisonQueue":
        """Connect to the poison queue of the queue `name`; nothing is sent yet."""
        return cls(queue_client(name + POISON_SUFFIX, storage, credential, base64=False))

    def lease(self) -> Iterator[Leased]:
        """Lease every message that lies there, in pages; none where there is no such queue."""
        seconds = LEASE // timedelta(seconds=1)
        with self._available(), suppress(ResourceNotFoundError):
            for message in self._client.receive_messages(messages_per_page=_PAGE, visibility_timeout=seconds):
                assert message.pop_receipt is not None
                assert message.inserted_on is not None
                yield Leased(message.id, message.pop_receipt, _body(message.content), message.inserted_on)

    def delete(self, message: Leased) -> None:
        """Delete a message that was put back on its queue; one that somebody else deleted is no trouble."""
        with self._available(), suppress(ResourceNotFoundError):
            self._client.delete_message(message.id, message.receipt)

    def give_back(self, message: Leased) -> None:
        """End the lease: the message lies there as before."""
        with self._available(), suppress(ResourceNotFoundError):
            self._client.update_message(message.id, message.receipt, visibility_timeout=0)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            yield
        except ResourceNotFoundError:
            raise
        except AzureError as error:
            name = self._client.queue_name
            raise QueueUnavailable(
                f"queue {name} did not answer as it should: {type(error).__name__}"
            ) from error


def _body(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):  # never was ours, or a stranger's tool wrote it
        return content.encode("utf-8", "surrogatepass")
