"""From a queue message to its end: read it, process it, send it again or set it aside, log one line."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.messages import EventChange, MailboxTask, Source
from shared.errors import Unhandled
from shared.graph.client import Graph
from shared.graph.sender import Tally
from shared.logs import logger
from shared.storage.queues import MessageQueue
from shared.worker.common.carrying import Carrier, level_of
from shared.worker.common.delivery import Delivery, deliver
from shared.worker.common.ending import Handled
from shared.worker.common.world import World
from shared.worker.events.processing import Processor


@dataclass(frozen=True, slots=True)
class _Times:
    """When the work on a message began, by our clock, and when the host took it, by the queue service's."""

    started: datetime
    taken: datetime | None

    def waited(self, change: EventChange) -> float:
        """Return the seconds since the change was queued, by one clock if the service says both moments."""
        if self.taken is not None and change.queued is not None:
            waited = self.taken - change.queued
        else:
            waited = self.started - change.received
        return round(max(waited.total_seconds(), 0.0), 3)


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

    def handle(
        self,
        body: bytes,
        dequeue_count: int = 1,
        *,
        queued: datetime | None = None,
        taken: datetime | None = None,
    ) -> None:
        """Handle one message; returning means that it is finished.

        `dequeue_count` is how often the host has given it, this time included; `queued` and `taken` are when
        it was put on the queue and taken from it, by the queue service's time.

        Raises:
            Unhandled: the host shall give the message again.
        """
        delivery = Delivery(body=body, dequeue_count=dequeue_count, queued=queued, taken=taken)
        started, graph = self._world.now(), self._graph()
        ended = deliver(
            delivery,
            lambda text: _with_time(EventChange.decode(text), queued),
            lambda change: self._processor.process(self._alone(change), graph, taken),
            self._world,
        )
        handled, change = self._carrier.carry_out(ended), ended.message
        assert not isinstance(change, MailboxTask)
        if change and handled.left_to_host:
            self._processor.forget(change, ended.handled)
        self._log(handled, change, graph.tally, _Times(started, taken))
        if handled.left_to_host:
            # No cause: the host logs the whole chain, and a foreign error's text may hold what people wrote.
            raise Unhandled(handled.detail) from None

    def _alone(self, change: EventChange) -> EventChange:
        """Queue a message for each batched change, and return the change without them.

        Raises QueueUnavailable.
        """
        alone, *batched = change.split()
        for each in batched:
            self._queue.send(each.encode())
        return alone

    def _log(self, handled: Handled, change: EventChange | None, tally: Tally, times: _Times) -> None:
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
            queue_wait_seconds=times.waited(change) if change else None,
            duration_seconds=round(max((now - times.started).total_seconds(), 0.0), 3),
            again_in_seconds=round(handled.delay.total_seconds(), 1) if handled.again else None,
            graph_calls=tally.calls,
            graph_request_ids=tally.request_ids,
            policy=handled.policy_hash or None,
        )


def _with_time(change: EventChange, queued: datetime | None) -> EventChange:
    """Return the change with the moment at which it was first queued; a copy that is sent again keeps it."""
    if change.source is Source.VERIFY:  # the look that was asked for, not the change itself
        return replace(change, queued=queued)
    first = min((moment for moment in (change.queued, queued) if moment), default=None)
    return replace(change, queued=first)
