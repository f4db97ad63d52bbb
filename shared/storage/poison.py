"""The poison queues: each message leased, so that nobody else puts it back meanwhile.

A message in there is our own envelope with the reason (`shared.domain.poisoned`), which never expires, or
what the Functions host moved there by itself: then it is as it was on its queue, perhaps not even base64, and
expires after seven days.
"""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

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
    #: the text as it is in the queue, base64 or not
    content: str = ""
    expires: bool = False


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

    def lease(self, lease: timedelta = LEASE, *, most: int | None = None) -> Iterator[Leased]:
        """Lease every message that lies there, or the first `most`; none where there is no such queue."""
        seconds = lease // timedelta(seconds=1)
        with self._available(), suppress(ResourceNotFoundError):
            for message in self._client.receive_messages(
                messages_per_page=min(_PAGE, most or _PAGE), visibility_timeout=seconds, max_messages=most
            ):
                yield _leased(message)

    def shows_only_what_stays(self) -> bool:
        """Tell whether no message that lies there, as far as can be seen without leasing, expires."""
        with self._available(), suppress(ResourceNotFoundError):
            shown = self._client.peek_messages(_PAGE)
            return len(shown) < _PAGE and not any(_expires(message) for message in shown)
        return True

    def keep(self, text: str) -> None:
        """Put a text into the queue as it is, never to expire."""
        with self._available():
            self._client.send_message(text, time_to_live=-1)

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


def _leased(message: QueueMessage) -> Leased:
    assert message.pop_receipt is not None
    assert message.inserted_on is not None
    content = str(message.content)
    body, expires = _body(content), _expires(message)
    return Leased(message.id, message.pop_receipt, body, message.inserted_on, content, expires)


def _expires(message: QueueMessage) -> bool:
    # What never expires shows the last year that there is.
    return message.expires_on is not None and message.expires_on.year < MAXYEAR


def _body(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):  # never was ours, or a stranger's tool wrote it
        return content.encode("utf-8", "surrogatepass")
