"""The end of a message, the same on every queue: send what follows, set it aside, or leave it to the host."""

import logging

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import EventChange, Message
from shared.errors import QueueUnavailable
from shared.logs import logger, where
from shared.storage.queues import MessageQueue, poison_text
from shared.worker import delays
from shared.worker.handled import Handled, failed
from shared.worker.world import World

#: as host.json has it; at the last try we set the message aside ourselves, with the reason
MAX_DEQUEUE_COUNT = 5

_WARNINGS = frozenset(
    {
        Reason.LIMIT_REACHED,
        Reason.NO_PROVIDER,
        Reason.PROVIDER_NOT_ALLOWED,
        Reason.INSUFFICIENT_DATA,
        Reason.WRITE_UNKNOWN,
        Reason.WRITE_FORBIDDEN,
        Reason.NO_VALID_RULES,
        Reason.GRAPH_UNAVAILABLE,
        Reason.STORAGE_UNAVAILABLE,
        Reason.ENDPOINT_NOT_VALIDATED,
        Reason.ACCESS_DENIED,
        Reason.NO_USABLE_MAILBOX,
        Reason.NO_JOIN_LINK,
        Reason.OTHER_PROVIDER,
    }
)
_ERRORS = frozenset(
    {Reason.UNAUTHORIZED, Reason.UNEXPECTED_ERROR, Reason.SETTINGS_REFUSED, Reason.MEMORY_MISSING}
)


class Carrier:
    """Carries the messages of one queue on."""

    def __init__(self, *, world: World, queue: MessageQueue, poison: MessageQueue) -> None:
        self._world = world
        self._queue = queue
        self._poison = poison

    def carry_out(self, handled: Handled, message: Message | None, body: bytes) -> Handled:
        """Send what is to be sent; return how the message ends then. `message` is None if unreadable."""
        try:
            if handled.again:
                self._queue.send(handled.again.encode(), handled.delay)
            if handled.poison:
                self._set_aside(handled, message, body)
        except QueueUnavailable as error:
            return _left_to_host(Reason.STORAGE_UNAVAILABLE, str(error))
        return handled

    def _set_aside(self, handled: Handled, message: Message | None, body: bytes) -> None:
        now = self._world.now()
        self._poison.send(poison_text(body, reason=handled.reason, detail=handled.detail, at=now))
        logger().error(
            "message.poisoned",
            queue=self._queue.name,
            reason=handled.reason,
            detail=handled.detail,
            mailbox=message.mailbox if message else None,
            event_id=message.event if isinstance(message, EventChange) else None,
            trace=message.trace if message else None,
        )


def keep_until_settings_are_mended(body: bytes, queue: MessageQueue) -> None:
    """Put a message back that waits for the app's settings to be mended."""
    queue.send(body.decode("utf-8", "replace"), delays.SETTINGS_AGAIN)


def unexpected(error: Exception, dequeue_count: int) -> Handled:
    """Return what an error that nobody foresaw makes of the message: tried again, in the end set aside."""
    detail = f"{type(error).__name__} at {' < '.join(reversed(where(error)))}"
    if dequeue_count >= MAX_DEQUEUE_COUNT:
        return failed(Reason.UNEXPECTED_ERROR, detail)
    return _left_to_host(Reason.UNEXPECTED_ERROR, detail)


def level_of(handled: Handled) -> int:
    """Return the level of the line: info is normal, warning an admin can fix, error somebody must act."""
    if handled.outcome is Outcome.FAILED or handled.reason in _ERRORS:
        return logging.ERROR
    return logging.WARNING if handled.reason in _WARNINGS else logging.INFO


def _left_to_host(reason: Reason, detail: str) -> Handled:
    return Handled(outcome=Outcome.DELAYED, reason=reason, left_to_host=True, detail=detail)
