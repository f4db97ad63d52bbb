"""From a mailbox task's message to its end: read it, carry it out, carry it on, log one line."""

from collections.abc import Callable
from datetime import datetime

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import MailboxTask
from shared.errors import SettingsError, Unhandled, UnreadableMessage
from shared.graph.client import Graph, Tally
from shared.logs import logger
from shared.storage.queues import MessageQueue
from shared.worker import delays
from shared.worker.carrying import Carrier, level_of, unexpected
from shared.worker.handled import Handled, failed
from shared.worker.mailbox_tasks import MailboxTasks
from shared.worker.world import World


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

    def handle(self, body: bytes, dequeue_count: int) -> None:
        """Handle one message; returning means that it is finished.

        `dequeue_count` is how often the host has given it, this time included.

        Raises:
            Unhandled: the host shall give the message again.
        """
        started = self._world.now()
        graph = self._graph()
        task: MailboxTask | None = None
        try:
            task = MailboxTask.decode(body)
            handled = self._tasks.carry_out(task, graph)
        except UnreadableMessage as error:
            handled = failed(Reason.UNREADABLE_MESSAGE, str(error))
        except Exception as error:  # noqa: BLE001 -- whatever happens, the message ends in one line
            handled = unexpected(error, dequeue_count)
        handled = self._carrier.carry_out(handled, task, body)
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
            duration_seconds=round((self._world.now() - started).total_seconds(), 3),
            graph_calls=tally.calls,
            graph_request_ids=tally.request_ids,
        )


def say_kept(error: SettingsError) -> None:
    """Log that a task waits for the app's settings to be mended; nothing is lost by it."""
    logger().error(
        "task.finished",
        outcome=Outcome.DELAYED,
        reason=Reason.SETTINGS_REFUSED,
        detail=str(error),
        next_in_seconds=delays.SETTINGS_AGAIN.total_seconds(),
    )
