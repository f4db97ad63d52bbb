"""The messages of the poison queues as values that JSON can contain."""

from collections.abc import Collection
from typing import Any

from shared.desk.replay import PoisonMessage


def document(messages: Collection[PoisonMessage], left: Collection[PoisonMessage]) -> dict[str, Any]:
    """Return all messages, and how many of them were put back or are left."""
    return {
        "messages": [_message(message, is_left=message in left) for message in messages],
        "put_back": len(messages) - len(left),
        "left": len(left),
    }


def _message(message: PoisonMessage, *, is_left: bool) -> dict[str, Any]:
    return {
        "id": message.leased.id,
        "queue": message.queue,
        "reason": message.reason,
        "detail": message.detail or None,
        "moved_at": message.at.isoformat(timespec="seconds"),
        "can_be_read": message.message is not None,
        "is_left": is_left,
    }
