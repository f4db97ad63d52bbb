"""Carrying out one task for one mailbox."""

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import MailboxTask, TaskKind
from shared.errors import Forbidden, GraphError, MailboxUnusable, StorageUnavailable
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import Mailboxes
from shared.worker.handled import Handled, after_trouble
from shared.worker.refusals import note_refusal
from shared.worker.subscriptions import Subscriptions
from shared.worker.world import World


class MailboxTasks:
    """Carries a task from its message to an outcome; one instance serves all threads of a process."""

    def __init__(self, *, world: World, mailboxes: Mailboxes, subscriptions: Subscriptions) -> None:
        self._world = world
        self._mailboxes = mailboxes
        self._subscriptions = subscriptions

    def carry_out(self, task: MailboxTask, graph: Graph) -> Handled:
        """Do it, and return what became of it. `graph` counts the calls of this message."""
        try:
            return self._do(task, graph)
        except (GraphError, StorageUnavailable) as error:
            trouble = note_refusal(error, task.mailbox, self._mailboxes, self._world.now())
        if isinstance(trouble, Forbidden | MailboxUnusable):
            logger().warning(
                "mailbox.lost",
                mailbox=task.mailbox,
                trace=task.trace,
                subscription=None,
                detail=str(trouble),
            )
        return after_trouble(trouble, task, self._world.uniform)

    def _do(self, task: MailboxTask, graph: Graph) -> Handled:
        match task.task:
            case TaskKind.SUBSCRIBE:
                return self._subscriptions.subscribe(task, graph)
            case TaskKind.RENEW:
                return self._subscriptions.renew(task, graph)
            case TaskKind.UNSUBSCRIBE:
                return self._subscriptions.unsubscribe(task, graph)
            case TaskKind.SWEEP:
                return Handled(outcome=Outcome.KEPT, reason=Reason.IN_ORDER)
