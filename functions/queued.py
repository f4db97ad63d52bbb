"""When a queue message was put on its queue and taken from it, by the queue service's time."""

from datetime import UTC, datetime, timedelta

import azure.functions as func

#: The Functions host takes each message for ten minutes; so long after that it would be visible again.
LEASE = timedelta(minutes=10)


def queued(message: func.QueueMessage) -> datetime | None:
    """Return when the message was put on its queue (aware UTC), None where the host does not say."""
    return _utc(message.insertion_time)


def taken(message: func.QueueMessage) -> datetime | None:
    """Return when the host took the message (aware UTC), None where it does not say."""
    visible, first = _utc(message.time_next_visible), queued(message)
    if visible is None or first is None:
        return None
    # Before the message was there nobody took it: then the host's lease is another one.
    return visible - LEASE if visible - LEASE >= first else None


def _utc(moment: datetime | None) -> datetime | None:
    """Return an aware moment; the library gives some without their offset, all of them UTC."""
    if not isinstance(moment, datetime):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
