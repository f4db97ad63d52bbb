"""Carrying out one task for one mailbox."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import MailboxTask, TaskKind, TaskReason
from shared.errors import JoinlinkError, OutOfTime, StorageUnavailable
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.common import delays
from shared.worker.common.ending import Ending, ending_for_error, retry_later
from shared.worker.common.refusals import note_refusal, state_after
from shared.worker.common.world import World
from shared.worker.mailboxes.plans import ASKED
from shared.worker.mailboxes.subscriptions import Subscriptions
from shared.worker.mailboxes.sweep import Sweeper

#: Only maintenance, which knows the scope, brings back a mailbox that was let go.
_BACK_AGAIN = frozenset({TaskReason.NEW, TaskReason.PARKED})
#: A task that was set aside is not asked for again for so long: it would fill the poison queue.
_SET_ASIDE = timedelta(hours=12)


class MailboxTasks:
    """Carries a task from its message to an outcome; one instance serves all threads of a process."""

    def __init__(
        self, *, world: World, mailboxes: Mailboxes, subscriptions: Subscriptions, sweeper: Sweeper
    ) -> None:
        self._world = world
        self._mailboxes = mailboxes
        self._subscriptions = subscriptions
        self._sweeper = sweeper

    def carry_out(self, task: MailboxTask, graph: Graph) -> Ending:
        """Do it, and return what became of it. `graph` counts the calls of this message."""
        try:
            row = self._mailboxes.read(task.mailbox)
            if row.unclear:
                return Ending(outcome=Outcome.KEPT, reason=Reason.UNCLEAR_ROW, detail=row.unclear)
            ending = self._do(task, row, graph)
            self._acquit(row)
        except JoinlinkError as error:
            ending = self._after(error, task)
        if ending.poison and task.task is TaskKind.SWEEP:
            ending = self._not_set_aside(ending, task)
        self._note_wait(ending, task)
        return ending

    def _do(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        if task.task is TaskKind.UNSUBSCRIBE:
            return self._subscriptions.unsubscribe(task, row, graph)
        if row.is_ineligible and task.reason not in _BACK_AGAIN:
            return Ending(outcome=Outcome.KEPT, reason=Reason.NOT_IN_SCOPE)
        match task.task:
            case TaskKind.SUBSCRIBE:
                return self._subscriptions.subscribe(task, row, graph)
            case TaskKind.RENEW:
                return self._subscriptions.renew(task, row, graph)
            case TaskKind.SWEEP:
                return self._sweep(task, row, graph)

    def _sweep(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        """Sweep a mailbox that is watched; else see to that first, for changes go on meanwhile."""
        if task.mark or self._subscriptions.is_alive(task, row, graph):
            return self._sweeper.sweep(task, row, graph)
        lost = replace(row, subscription="")
        return self._subscriptions.subscribe(replace(task, reason=TaskReason.GONE), lost, graph)

    def _after(self, error: JoinlinkError, task: MailboxTask) -> Ending:
        """Return what an error makes of the task; note what it says of the mailbox."""
        trouble = error
        if task.task is not TaskKind.UNSUBSCRIBE:
            trouble = note_refusal(error, task.mailbox, self._mailboxes, self._world.now(), anew=True)
        if state_after(trouble):
            logger().warning(
                "mailbox.lost",
                mailbox=task.mailbox,
                trace=task.trace,
                subscription=None,
                detail=str(trouble),
            )
        return ending_for_error(trouble, task, self._world.uniform)

    def _acquit(self, row: Mailbox) -> None:
        if row.suspected_since or row.suspected_as:
            self._mailboxes.update(row.id, suspected_as="", suspected_since=None)

    def _not_set_aside(self, ending: Ending, task: MailboxTask) -> Ending:
        """Have a sweep begun again however often it failed: it is no news that could get lost."""
        again = replace(task, attempt=min(task.attempt + 1, delays.MAX_ATTEMPTS), mark="")
        wait = delays.backoff(again.attempt, self._world.uniform)
        reason = Reason.GRAPH_UNAVAILABLE if ending.reason is Reason.TOO_OLD else ending.reason
        return retry_later(again, reason, wait, detail=ending.detail)

    def _note_wait(self, ending: Ending, task: MailboxTask) -> None:
        """Keep maintenance from asking for the same again while this task waits for its next try."""
        if not ending.next_message and not ending.poison:
            return
        wait = ending.delay + ASKED if ending.next_message else _SET_ASIDE
        with suppress(StorageUnavailable, OutOfTime):  # then it is asked for twice, which does no harm
            self._mailboxes.update(task.mailbox, asked_until=self._world.now() + wait)
