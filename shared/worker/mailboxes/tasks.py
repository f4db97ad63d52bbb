"""Carries out one task for one mailbox."""

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
from shared.worker.common.mailbox_refusals import record_refusal, state_after
from shared.worker.common.world import World
from shared.worker.mailboxes.calendar_subscriptions import CalendarSubscriptions
from shared.worker.mailboxes.plans import TASK_TIME
from shared.worker.mailboxes.subscriptions import SubscriptionTasks
from shared.worker.mailboxes.sweep import Sweeper

#: Only maintenance, which knows the scope, may bring back a mailbox that left.
_RETURN_REASONS = frozenset({TaskReason.NEW, TaskReason.PARKED})
#: After a task went to the poison queue, maintenance waits: it would fill the poison queue.
_POISON_PAUSE = timedelta(hours=12)


class MailboxTasks:
    """Carries out tasks; all threads of a process share one instance."""

    def __init__(
        self,
        *,
        world: World,
        mailboxes: Mailboxes,
        subscriptions: SubscriptionTasks,
        calendar_subscriptions: CalendarSubscriptions,
        sweeper: Sweeper,
    ) -> None:
        self._world = world
        self._mailboxes = mailboxes
        self._subscriptions = subscriptions
        self._calendar_subscriptions = calendar_subscriptions
        self._sweeper = sweeper

    def carry_out(self, task: MailboxTask, graph: Graph) -> Ending:
        """Carry out a task and return its result. `graph` counts the calls of this message."""
        try:
            row = self._mailboxes.read(task.mailbox)
            if row.unclear:
                return Ending(outcome=Outcome.KEPT, reason=Reason.UNCLEAR_ROW, detail=row.unclear)
            ending = self._do(task, row, graph)
            self._clear_suspicion(row)
        except JoinlinkError as error:
            ending = self._after_error(error, task)
        if ending.poison and task.task is TaskKind.SWEEP:
            ending = self._retry_sweep(ending, task)
        self._delay_requests(ending, task)
        return ending

    def _do(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        if task.task is TaskKind.UNSUBSCRIBE:
            ending = self._subscriptions.unsubscribe(task, row, graph)
            self._calendar_subscriptions.end(row, graph)
            return ending
        if row.is_ineligible and task.reason not in _RETURN_REASONS:
            return Ending(outcome=Outcome.KEPT, reason=Reason.NOT_IN_SCOPE)
        match task.task:
            case TaskKind.SUBSCRIBE:
                return self._subscriptions.subscribe(task, row, graph)
            case TaskKind.RENEW:
                ending = self._subscriptions.renew(task, row, graph)
                if ending.outcome is Outcome.RENEWED:
                    self._calendar_subscriptions.renew(row, graph)
                return ending
            case TaskKind.SWEEP:
                return self._sweep(task, row, graph)

    def _sweep(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        """Sweep a mailbox that is watched. If it is not, subscribe first: changes continue meanwhile."""
        if task.mark or self._subscriptions.is_alive(task, row, graph):
            ending = self._sweeper.sweep(task, row, graph)
            if ending.outcome is Outcome.SWEPT:
                self._calendar_subscriptions.adjust(task, row, graph)
            return ending
        lost = replace(row, subscription="")
        return self._subscriptions.subscribe(replace(task, reason=TaskReason.GONE), lost, graph)

    def _after_error(self, error: JoinlinkError, task: MailboxTask) -> Ending:
        """Return the result of a task that failed; record what the error means for the mailbox."""
        if task.task is not TaskKind.UNSUBSCRIBE:
            error = record_refusal(error, task.mailbox, self._mailboxes, self._world.now(), by_task=True)
        if state_after(error):
            logger().warning(
                "mailbox.lost", mailbox=task.mailbox, trace=task.trace, subscription=None, detail=str(error)
            )
        return ending_for_error(error, task, self._world.uniform)

    def _clear_suspicion(self, row: Mailbox) -> None:
        if row.suspected_since or row.suspected_as:
            self._mailboxes.update(row.id, suspected_as="", suspected_since=None)

    def _retry_sweep(self, ending: Ending, task: MailboxTask) -> Ending:
        """Start a failed sweep over instead of moving it to the poison queue: a sweep carries no news."""
        again = replace(task, attempt=min(task.attempt + 1, delays.MAX_ATTEMPTS), mark="")
        wait = delays.backoff(again.attempt, self._world.uniform)
        reason = Reason.GRAPH_UNAVAILABLE if ending.reason is Reason.TOO_OLD else ending.reason
        return retry_later(again, reason, wait, detail=ending.detail)

    def _delay_requests(self, ending: Ending, task: MailboxTask) -> None:
        """Keep maintenance from requesting the task again while it waits for its next try."""
        if not ending.next_message and not ending.poison:
            return
        wait = ending.delay + TASK_TIME if ending.next_message else _POISON_PAUSE
        with suppress(StorageUnavailable, OutOfTime):  # then it is requested twice, which is harmless
            self._mailboxes.update(task.mailbox, asked_until=self._world.now() + wait)
