"""From a queue message to its end: read it, process it, send it again or set it aside, log one line."""

from collections.abc import Callable
from datetime import datetime

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import EventChange
from shared.errors import SettingsError, Unhandled, UnreadableMessage
from shared.graph.client import Graph, Tally
from shared.logs import logger
from shared.storage.queues import MessageQueue
from shared.worker import delays
from shared.worker.carrying import Carrier, level_of, unexpected
from shared.worker.handled import Handled, failed
from shared.worker.processing import Processor
from shared.worker.world import World


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
        self._carrier = Carrier(world=world, queue=queue, poison=poison)

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
            change = self._alone(EventChange.decode(body))
            handled = self._processor.process(change, graph)
        except UnreadableMessage as error:
            handled = failed(Reason.UNREADABLE_MESSAGE, str(error))
        except Exception as error:  # noqa: BLE001 -- whatever happens, the message ends in one line
            handled = unexpected(error, dequeue_count)
        ended = self._carrier.carry_out(handled, change, body)
        if change and ended.left_to_host:
            self._processor.forget(change, handled)
        self._log(ended, change, graph.tally, started)
        if ended.left_to_host:
            # No cause: the host logs the whole chain, and a foreign error's text may hold what people wrote.
            raise Unhandled(ended.detail) from None

    def _alone(self, change: EventChange) -> EventChange:
        """Give the change's fellows messages of their own, and return the change without them.

        Raises QueueUnavailable.
        """
        alone, *fellows = change.apart()
        for fellow in fellows:
            self._queue.send(fellow.encode())
        return alone

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


def say_kept(error: SettingsError) -> None:
    """Log that a message waits for the app's settings to be mended; nothing is lost by it."""
    logger().error(
        "event.decided",
        outcome=Outcome.DELAYED,
        reason=Reason.SETTINGS_REFUSED,
        detail=str(error),
        again_in_seconds=delays.SETTINGS_AGAIN.total_seconds(),
    )
