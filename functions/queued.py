"""Handles a message of a queue trigger; the functions of both queues share it."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import azure.functions as func

from shared import wiring
from shared.errors import SettingsError

if TYPE_CHECKING:  # the app starts fast: the first message loads the worker
    from collections.abc import Callable

    from shared.domain.messages import EventChange, MailboxTask
    from shared.worker.common.queue_messages import QueueMessages

#: The Functions host hides a message that it dequeued for ten minutes.
LEASE = timedelta(minutes=10)


def handle(
    queue: str,
    message: func.QueueMessage,
    build: "Callable[[], QueueMessages[EventChange] | QueueMessages[MailboxTask]]",
) -> None:
    """Handle a message. While the settings are wrong, put it back on the queue.

    Raises:
        Unhandled, QueueUnavailable, SettingsError: the host must deliver the message again.
    """
    body = message.get_body()
    try:
        messages = build()
    except SettingsError as error:
        wiring.joinlink().keep_message(queue, body, error)
    else:
        messages.handle(body, message.dequeue_count or 1, queued=queued(message), taken=taken(message))


def queued(message: func.QueueMessage) -> datetime | None:
    """Return when the message was queued (aware UTC, the queue service's clock), None if unknown."""
    return _utc(message.insertion_time)


def taken(message: func.QueueMessage) -> datetime | None:
    """Return when the host dequeued the message (aware UTC, the queue service's clock), None if unknown."""
    visible, inserted = _utc(message.time_next_visible), queued(message)
    if visible is None or inserted is None:
        return None
    dequeued = visible - LEASE
    # A time before it was queued shows that this host hides messages for another time.
    return dequeued if dequeued >= inserted else None


def _utc(time: datetime | None) -> datetime | None:
    """Return an aware time; some times of the library have no offset, and all are UTC."""
    if not isinstance(time, datetime):
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
