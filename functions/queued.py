"""What both queue functions do with a message."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import azure.functions as func

from shared import wiring
from shared.errors import SettingsError

#: The Functions host hides a message that it took for ten minutes.
LEASE = timedelta(minutes=10)


class Handler(Protocol):
    """Handles the messages of one queue."""

    def handle(
        self,
        body: bytes,
        dequeue_count: int = 1,
        *,
        queued: datetime | None = None,
        taken: datetime | None = None,
    ) -> None:
        """Handle one message. Raises Unhandled: the host must deliver it again."""


def handle(queue: str, message: func.QueueMessage, build: Callable[[], Handler]) -> None:
    """Handle a message of the queue; while the settings are refused, keep it on the queue.

    Raises:
        Unhandled, QueueUnavailable, SettingsError: the host must deliver the message again.
    """
    body = message.get_body()
    try:
        handler = build()
    except SettingsError as error:
        wiring.joinlink().keep_message(queue, body, error)
    else:
        handler.handle(body, message.dequeue_count or 1, queued=queued(message), taken=taken(message))


def queued(message: func.QueueMessage) -> datetime | None:
    """Return when the message was queued (aware UTC, the queue service's clock), None if unknown."""
    return _utc(message.insertion_time)


def taken(message: func.QueueMessage) -> datetime | None:
    """Return when the host took the message (aware UTC, the queue service's clock), None if unknown."""
    visible, first = _utc(message.time_next_visible), queued(message)
    if visible is None or first is None:
        return None
    # Taken before it was queued: then the host hides messages for another time than ours.
    return visible - LEASE if visible - LEASE >= first else None


def _utc(moment: datetime | None) -> datetime | None:
    """Return an aware time; the library returns some without an offset, all of them UTC."""
    if not isinstance(moment, datetime):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
