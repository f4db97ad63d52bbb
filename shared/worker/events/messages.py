"""Decodes, handles and logs the messages of the queue `event-changes`."""

from dataclasses import replace
from datetime import datetime

from shared.domain.messages import EventChange, Source
from shared.domain.queue_port import QueueSender
from shared.graph.client import Graph
from shared.logs import logger
from shared.worker.common.ending import Ending
from shared.worker.common.message_report import MessageReport
from shared.worker.events.processing import Processor


class EventHandler:
    """Handles event changes; a `MessageHandler`."""

    def __init__(self, *, processor: Processor, queue: QueueSender) -> None:
        self._processor = processor
        self._queue = queue

    def decode(self, body: bytes, queued: datetime | None) -> EventChange:
        """Return the change with the time when it was first queued; a retry keeps that time.

        Raises:
            UnreadableMessage, LaterVersion: this version can't decode it.
        """
        change = EventChange.decode(body)
        if change.source is Source.VERIFY:  # it requests a read after its own time, not after the change's
            return replace(change, queued=queued)
        first = min((moment for moment in (change.queued, queued) if moment), default=None)
        return replace(change, queued=first)

    def handle(self, message: EventChange, graph: Graph, taken: datetime | None) -> Ending:
        """Process the change. First put the changes that were batched with it on the queue, one message each.

        Raises:
            QueueUnavailable: a batched change could not be queued.
        """
        change, *batched = message.split()
        for each in batched:
            self._queue.send(each.encode())
        return self._processor.process(change, graph, taken)

    def forget(self, message: EventChange, ending: Ending) -> None:
        """Forget the read of a message that the host will deliver again."""
        self._processor.forget(message, ending)

    def log(self, report: MessageReport[EventChange]) -> None:
        """Write `event.decided`."""
        log_event_decided(report)


def log_event_decided(report: MessageReport[EventChange]) -> None:
    """Write the one log line of a message of `event-changes`."""
    ending, change, decision = report.ending, report.message, report.ending.decision
    logger().log(
        report.level,
        "event.decided",
        outcome=ending.outcome,
        reason=ending.reason,
        rule=ending.rule,
        projected=decision.projected if decision else None,
        projected_reason=decision.projected_reason if decision else None,
        projected_rule=decision.projected_rule if decision else None,
        provider=ending.provider or None,
        detail=ending.detail or None,
        mailbox=change.mailbox if change else None,
        event_id=change.event if change else None,
        source=change.source if change else None,
        trace=change.trace if change else None,
        attempt=change.attempt if change else None,
        queue_wait_seconds=report.waited_seconds(change.queued, change.received) if change else None,
        duration_seconds=report.duration_seconds,
        again_in_seconds=report.retry_seconds,
        graph_calls=report.tally.calls,
        graph_request_ids=report.tally.request_ids,
        policy=ending.policy_hash or None,
    )
