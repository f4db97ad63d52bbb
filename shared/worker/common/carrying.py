"""The end of a message, the same on every queue: send what follows, set it aside, or leave it to the host."""

import logging
from datetime import timedelta
from typing import Protocol

from shared.deadline import deadline
from shared.domain.decision import Outcome, Reason
from shared.domain.later import Later
from shared.domain.messages import EventChange, MailboxTask, Message
from shared.domain.poisoned import MOST_BYTES, poison_text
from shared.errors import OutOfTime, QueueUnavailable
from shared.logs import logger, place_of
from shared.worker.common.delivery import Ended
from shared.worker.common.ending import Handled
from shared.worker.common.world import World

#: The message's own minute may be over when it is sent again.
_SENDING = timedelta(seconds=20)

_WARNINGS = frozenset(
    {
        Reason.LIMIT_REACHED,
        Reason.NO_PROVIDER,
        Reason.PROVIDER_NOT_ALLOWED,
        Reason.INSUFFICIENT_DATA,
        Reason.UNREADABLE_EVENT,
        Reason.WRITE_UNKNOWN,
        Reason.WRITE_FORBIDDEN,
        Reason.NO_VALID_RULES,
        Reason.GRAPH_UNAVAILABLE,
        Reason.STORAGE_UNAVAILABLE,
        Reason.ENDPOINT_NOT_VALIDATED,
        Reason.MAILBOX_FULL,
        Reason.SUBSCRIPTION_LIMIT,
        Reason.OUT_OF_TIME,
        Reason.LATER_VERSION,
        Reason.WORKER_LOST,
        Reason.ACCESS_DENIED,
        Reason.NO_USABLE_MAILBOX,
        Reason.NO_JOIN_LINK,
        Reason.OTHER_PROVIDER,
    }
)
_ERRORS = frozenset(
    {Reason.UNAUTHORIZED, Reason.UNEXPECTED_ERROR, Reason.SETTINGS_REFUSED, Reason.MEMORY_MISSING}
)


class _Queue(Protocol):
    @property
    def name(self) -> str: ...

    def send(self, text: str, delay: timedelta = ..., /) -> None: ...


class Carrier:
    """Carries the messages of one queue on."""

    def __init__(self, *, world: World, queue: _Queue, poison: _Queue) -> None:
        self._world = world
        self._queue = queue
        self._poison = poison

    def carry_out(self, ended: Ended) -> Handled:
        """Send what is to be sent, within 20 s; return how the message ends then."""
        try:
            with deadline(_SENDING):
                self._send(ended)
        except (QueueUnavailable, OutOfTime) as error:
            return _left_to_host(Reason.STORAGE_UNAVAILABLE, str(error))
        except Exception as error:  # noqa: BLE001 -- whatever happens, the message ends in one line
            return _left_to_host(Reason.UNEXPECTED_ERROR, place_of(error))
        return ended.handled

    def _send(self, ended: Ended) -> None:
        handled = ended.handled
        if handled.again:
            self._queue.send(_text(handled.again), handled.delay)
        if handled.poison is not None:
            text = poison_text(ended.body, reason=handled.reason, detail=handled.detail, at=self._world.now())
            self._poison.send(text)
            say_poisoned(self._queue.name, handled.reason, handled.detail, ended.message)


def say_poisoned(queue: str, reason: str, detail: str, message: Message | None) -> None:
    """Log that a message of `queue` is in its poison queue."""
    logger().error(
        "message.poisoned",
        queue=queue,
        reason=reason,
        detail=detail,
        mailbox=message.mailbox if message else None,
        event_id=message.event if isinstance(message, EventChange) else None,
        trace=message.trace if message else None,
    )


def level_of(handled: Handled) -> int:
    """Return the level of the line: info is normal, warning an admin can fix, error somebody must act."""
    if handled.outcome is Outcome.FAILED or handled.reason in _ERRORS:
        return logging.ERROR
    return logging.WARNING if handled.reason in _WARNINGS else logging.INFO


def _text(again: Message | Later) -> str:
    """Return the text to send. A message of a later version that is too long for an envelope goes without."""
    text = again.encode()
    if isinstance(again, EventChange | MailboxTask) or len(text.encode()) <= MOST_BYTES:
        return text
    return again.message


def _left_to_host(reason: Reason, detail: str) -> Handled:
    return Handled(outcome=Outcome.DELAYED, reason=reason, left_to_host=True, detail=detail)
