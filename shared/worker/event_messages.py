"""From a queue message to its end: read it, process it, send it again or set it aside, log one line."""

import logging
from collections.abc import Callable
from datetime import datetime

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import EventChange
from shared.errors import QueueUnavailable, SettingsError, Unhandled, UnreadableMessage
from shared.graph.client import Graph, Tally
from shared.logs import logger, where
from shared.storage.queues import MessageQueue, poison_text
from shared.worker import delays
from shared.worker.handled import Handled, failed
from shared.worker.processing import Processor
from shared.worker.world import World

#: as host.json has it; at the last try we set the message aside ourselves, with the reason
MAX_DEQUEUE_COUNT = 5

_WARNINGS = frozenset(
    {
        Reason.LIMIT_REACHED,
        Reason.NO_PROVIDER,
        Reason.PROVIDER_NOT_ALLOWED,
        Reason.INSUFFICIENT_DATA,
        Reason.NO_VALID_RULES,
        Reason.GRAPH_UNAVAILABLE,
        Reason.STORAGE_UNAVAILABLE,
        Reason.ACCESS_DENIED,
        Reason.NO_USABLE_MAILBOX,
        Reason.NO_JOIN_LINK,
        Reason.OTHER_PROVIDER,
    }
)
_ERRORS = frozenset({Reason.UNAUTHORIZED, Reason.UNEXPECTED_ERROR, Reason.SETTINGS_REFUSED})


class EventMessages:
    """Handles the messages of the `event-changes` queue."""

    def __init__(
        self,
        *,
        world: World,
        graph: Callable[[], Graph],
        processor: Processor,
        queue: MessageQueue,
        poison: MessageQueue,
    ) -> None:
        self._world = world
        self._graph = graph
        self._processor = processor
        self._queue = queue
        self._poison = poison

    def handle(self, body: bytes, dequeue_count: int) -> None:
        """Handle one message; returning means that it is finished.

        `dequeue_count` is how often the host has given it, this time included.

        Raises:
            Unhandled: the host shall give the message again.
        """
        started = self._world.now()
        graph = self._graph()
        change: EventChange | None = None
        try:
            change = EventChange.decode(body)
            handled = self._processor.process(change, graph)
        except UnreadableMessage as error:
            handled = failed(Reason.UNREADABLE_MESSAGE, str(error))
        except Exception as error:  # noqa: BLE001 -- whatever happens, the message ends in one line
            handled = unexpected(error, dequeue_count)
        handled = self._send(handled, change, body)
        self._log(handled, change, graph.tally, started)
        if handled.left_to_host:
            # No cause: the host logs the whole chain, and a foreign error's text may hold what people wrote.
            raise Unhandled(handled.detail) from None

    def _send(self, handled: Handled, change: EventChange | None, body: bytes) -> Handled:
        """Send what is to be sent; return how the message ends then."""
        try:
            if handled.again:
                self._queue.send(handled.again.encode(), handled.delay)
            if handled.poison:
                self._set_aside(handled, change, body)
        except QueueUnavailable as error:
            if change:
                self._processor.forget(change, handled)
            return _left_to_host(Reason.STORAGE_UNAVAILABLE, str(error))
        return handled

    def _set_aside(self, handled: Handled, change: EventChange | None, body: bytes) -> None:
        now = self._world.now()
        self._poison.send(poison_text(body, reason=handled.reason, detail=handled.detail, at=now))
        logger().error(
            "message.poisoned",
            queue=self._queue.name,
            reason=handled.reason,
            detail=handled.detail,
            mailbox=change.mailbox if change else None,
            event_id=change.event if change else None,
            trace=change.trace if change else None,
        )

    def _log(self, handled: Handled, change: EventChange | None, tally: Tally, started: datetime) -> None:
        now = self._world.now()
        decision = handled.decision
        logger().log(
            level_of(handled),
            "event.decided",
            outcome=handled.outcome,
            reason=handled.reason,
            rule=handled.rule,
            projected=decision.projected if decision else None,
            projected_reason=decision.projected_reason if decision else None,
            projected_rule=decision.projected_rule if decision else None,
            provider=handled.provider or None,
            detail=handled.detail or None,
            mailbox=change.mailbox if change else None,
            event_id=change.event if change else None,
            source=change.source if change else None,
            trace=change.trace if change else None,
            attempt=change.attempt if change else None,
            queue_wait_seconds=round((started - change.received).total_seconds(), 3) if change else None,
            duration_seconds=round((now - started).total_seconds(), 3),
            again_in_seconds=round(handled.delay.total_seconds(), 1) if handled.again else None,
            graph_calls=tally.calls,
            graph_request_ids=tally.request_ids,
            policy=handled.policy_hash or None,
        )


def keep_until_settings_are_mended(body: bytes, error: SettingsError, queue: MessageQueue) -> None:
    """Put a message back that waits for the app's settings to be mended; nothing is lost by it."""
    queue.send(body.decode("utf-8", "replace"), delays.SETTINGS_AGAIN)
    logger().error(
        "event.decided",
        outcome=Outcome.DELAYED,
        reason=Reason.SETTINGS_REFUSED,
        detail=str(error),
        again_in_seconds=delays.SETTINGS_AGAIN.total_seconds(),
    )


def unexpected(error: Exception, dequeue_count: int) -> Handled:
    """Return what an error that nobody foresaw makes of the message: tried again, in the end set aside."""
    detail = f"{type(error).__name__} at {' < '.join(reversed(where(error)))}"
    if dequeue_count >= MAX_DEQUEUE_COUNT:
        return failed(Reason.UNEXPECTED_ERROR, detail)
    return _left_to_host(Reason.UNEXPECTED_ERROR, detail)


def _left_to_host(reason: Reason, detail: str) -> Handled:
    return Handled(outcome=Outcome.DELAYED, reason=reason, left_to_host=True, detail=detail)


def level_of(handled: Handled) -> int:
    """Return the level of the line: info is normal, warning an admin can fix, error somebody must act."""
    if handled.outcome is Outcome.FAILED or handled.reason in _ERRORS:
        return logging.ERROR
    return logging.WARNING if handled.reason in _WARNINGS else logging.INFO
