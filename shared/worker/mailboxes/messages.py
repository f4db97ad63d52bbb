"""From a mailbox task's message to its end: read it, carry it out, carry it on, log one line."""

from collections.abc import Callable
from datetime import datetime

from shared.domain.messages import EventChange, MailboxTask
from shared.errors import Unhandled
from shared.graph.client import Graph
from shared.graph.sender import Tally
from shared.logs import logger
from shared.storage.queues import MessageQueue
from shared.worker.common.carrying import Carrier, level_of
from shared.worker.common.delivery import Delivery, deliver
from shared.worker.common.ending import Handled
from shared.worker.common.world import World
from shared.worker.mailboxes.tasks import MailboxTasks


class MailboxMessages:
    """Handles the messages of the `mailbox-tasks` queue."""

    def __init__(
        self,
        *,
        world: World,
        graph: Callable[[], Graph],
        tasks: MailboxTasks,
        queue: MessageQueue,
        poison: MessageQueue,
    ) -> None:
        self._world = world
        self._graph = graph
        self._tasks = tasks
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
            delivery, MailboxTask.decode, lambda task: self._tasks.carry_out(task, graph), self._world
        )
        handled, task = self._carrier.carry_out(ended), ended.message
        assert not isinstance(task, EventChange)
        self._log(handled, task, graph.tally, started)
        if handled.left_to_host:
            # No cause: the host logs the whole chain, and a foreign error's text may hold what people wrote.
            raise Unhandled(handled.detail) from None

    def _log(self, handled: Handled, task: MailboxTask | None, tally: Tally, started: datetime) -> None:
        again = handled.again
        logger().log(
            level_of(handled),
            "task.finished",
            outcome=handled.outcome,
            reason=handled.reason,
            detail=handled.detail or None,
            task=task.task if task else None,
            because=task.reason if task else None,
            mailbox=task.mailbox if task else None,
            trace=task.trace if task else None,
            attempt=task.attempt if task else None,
            next_task=again.task if isinstance(again, MailboxTask) else None,
            next_in_seconds=round(handled.delay.total_seconds(), 1) if again else None,
            duration_seconds=round(max((self._world.now() - started).total_seconds(), 0.0), 3),
            graph_calls=tally.calls,
            graph_request_ids=tally.request_ids,
        )
