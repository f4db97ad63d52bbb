"""Carrying out one task for one mailbox."""

from contextlib import suppress
from dataclasses import replace

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import MailboxTask, TaskKind, TaskReason
from shared.errors import (
    GraphError,
    OutOfTime,
    QueueUnavailable,
    StorageUnavailable,
)
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.handled import Handled, after_trouble
from shared.worker.plans import ASKED
from shared.worker.refusals import note_refusal, state_after
from shared.worker.subscriptions import Subscriptions
from shared.worker.sweep import Sweeper
from shared.worker.world import World

#: Only maintenance, which knows the scope, brings back a mailbox that was let go.
_BACK_AGAIN = frozenset({TaskReason.NEW, TaskReason.PARKED})


class MailboxTasks:
    """Carries a task from its message to an outcome; one instance serves all threads of a process."""

    def __init__(
        self, *, world: World, mailboxes: Mailboxes, subscriptions: Subscriptions, sweeper: Sweeper
    ) -> None:
        self._world = world
        self._mailboxes = mailboxes
        self._subscriptions = subscriptions
        self._sweeper = sweeper

    def carry_out(self, task: MailboxTask, graph: Graph) -> Handled:
        """Do it, and return what became of it. `graph` counts the calls of this message."""
        try:
            return self._do(task, graph)
        except (GraphError, OutOfTime, QueueUnavailable, StorageUnavailable) as error:
            trouble = note_refusal(error, task.mailbox, self._mailboxes, self._world.now(), anew=True)
        if state_after(trouble):
            logger().warning(
                "mailbox.lost",
                mailbox=task.mailbox,
                trace=task.trace,
                subscription=None,
                detail=str(trouble),
            )
        handled = after_trouble(trouble, task, self._world.uniform)
        self._note_wait(handled, task)
        return handled

    def _note_wait(self, handled: Handled, task: MailboxTask) -> None:
        """Keep maintenance from asking for the same again while this task waits for its next try."""
        if handled.again:
            until = self._world.now() + handled.delay + ASKED
            with suppress(StorageUnavailable):  # then it is asked for twice, which does no harm
                self._mailboxes.note(task.mailbox, asked_until=until)

    def _do(self, task: MailboxTask, graph: Graph) -> Handled:
        row = self._mailboxes.read(task.mailbox)
        if task.task is TaskKind.UNSUBSCRIBE:
            return self._subscriptions.unsubscribe(task, row, graph)
        if row.is_let_go and task.reason not in _BACK_AGAIN:
            return Handled(outcome=Outcome.KEPT, reason=Reason.NOT_IN_SCOPE)
        match task.task:
            case TaskKind.SUBSCRIBE:
                return self._subscriptions.subscribe(task, row, graph)
            case TaskKind.RENEW:
                return self._subscriptions.renew(task, row, graph)
            case TaskKind.SWEEP:
                return self._sweep(task, row, graph)

    def _sweep(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Handled:
        """Sweep a mailbox that is watched; else see to that first, for changes go on meanwhile."""
        if self._subscriptions.is_alive(task, row, graph):
            return self._sweeper.sweep(task, row, graph)
        lost = replace(row, subscription="")
        return self._subscriptions.subscribe(replace(task, reason=TaskReason.GONE), lost, graph)
