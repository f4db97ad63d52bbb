"""What the queue service tells of a queue: how much lies there, and how long the oldest has been waiting."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from shared.errors import QueueUnavailable
from shared.settings import StorageSettings
from shared.storage.queues import queue_client


@dataclass(frozen=True, slots=True)
class Gauge:
    """One look at a queue.

    `messages` counts hidden ones, too; `oldest` is the age of the first that could be taken now, None where
    there is none: what waits for its time is not late.
    """

    messages: int
    oldest: timedelta | None = None


class QueueGauge:
    """Looks at one queue; takes nothing from it."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, name: str, storage: StorageSettings, credential: TokenCredential | None) -> "QueueGauge":
        """Connect to the queue `name`; nothing is sent yet."""
        # No decoding: what is not base64 is a message all the same.
        return cls(queue_client(name, storage, credential, base64=False))

    def read(self) -> Gauge:
        """Return what lies there now; nothing, where there is no such queue.

        Raises:
            QueueUnavailable: the service does not tell.
        """
        dates: list[str] = []
        try:
            count = self._client.get_queue_properties().approximate_message_count or 0
            first = self._client.peek_messages(
                1, raw_response_hook=lambda answer: dates.append(_date(answer))
            )
        except ResourceNotFoundError:
            return Gauge(0)
        except AzureError as error:
            raise QueueUnavailable(
                f"queue {self._client.queue_name} did not answer as it should: {type(error).__name__}"
            ) from error
        if not first or first[0].inserted_on is None:
            return Gauge(count)
        return Gauge(count, _age(first[0].inserted_on, dates[0]))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _date(answer: Any) -> str:
    return str(answer.http_response.headers.get("Date", ""))


def _age(inserted: datetime, date: str) -> timedelta | None:
    """Both moments are the service's, so that no other clock is in the sum."""
    try:
        return max(parsedate_to_datetime(date) - inserted, timedelta(0))
    except (ValueError, TypeError):
        return None
