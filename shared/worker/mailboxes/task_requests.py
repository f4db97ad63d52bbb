"""Puts the tasks of a run on the queue, at a rate within Graph's limits."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from shared.domain.messages import MailboxTask, TaskKind
from shared.domain.queue_port import QueueSender
from shared.storage.mailboxes import Mailbox, Mailboxes, MailboxState
from shared.worker.common.world import World
from shared.worker.mailboxes.maintenance_run import MaintenanceRun
from shared.worker.mailboxes.plans import TASK_TIME, MailboxPlan, has_task
from shared.worker.mailboxes.removals import Removal

#: concurrent writes of rows and messages
_WRITERS = 8
#: plans in memory
_BATCH = 256
#: The tasks of one run are spread over the time until the next run.
SPREAD = timedelta(minutes=15)
#: Graph accepts 500 writes of subscriptions in 20 s, and as many reads. A replacement is two writes, and
#: lifecycle notifications cause some more (https://learn.microsoft.com/graph/throttling-limits).
_TASKS_PER_SECOND = 10


class TaskPacer:
    """Gives each task of a run its delay."""

    def __init__(self) -> None:
        #: sweeps and other tasks count apart: they use different limits of Graph
        self._requested: Counter[bool] = Counter()

    def delay(self, plan: MailboxPlan) -> timedelta | None:
        """Return when a plan's task is due; None if this run has no room for it."""
        if plan.task is None:
            return timedelta(0)
        is_sweep = plan.task is TaskKind.SWEEP
        delay = timedelta(seconds=self._requested[is_sweep] / _TASKS_PER_SECOND)
        if delay >= SPREAD:
            return None
        self._requested[is_sweep] += 1
        return delay


@dataclass(frozen=True, slots=True)
class _Step:
    """A plan of a mailbox, and the delay of its task."""

    mailbox: str
    plan: MailboxPlan
    delay: timedelta


class TaskRequests:
    """Carries out the plans of one run."""

    def __init__(
        self,
        *,
        world: World,
        mailboxes: Mailboxes,
        queue: QueueSender,
        run: MaintenanceRun,
        check: Callable[[], None],
    ) -> None:
        """`check` raises `OutOfTime` if the run must end."""
        self._world = world
        self._mailboxes = mailboxes
        self._queue = queue
        self._run = run
        self._check = check
        self._pacer = TaskPacer()

    def carry_out(self, plans: Iterable[tuple[str, MailboxPlan]]) -> None:
        """Set columns and request tasks; tasks without room in this run are left to the next.

        Raises:
            OutOfTime: the run must end.
            StorageUnavailable, QueueUnavailable: some tasks are not requested; the next run does that.
        """
        rest = iter(plans)
        with ThreadPoolExecutor(_WRITERS, "maintenance") as writers:
            while batch := list(islice(rest, _BATCH)):
                self._check()
                steps = list(self._steps(batch))
                for _done in writers.map(self._do, steps):
                    pass
                self._run.tasks.update(str(step.plan.task) for step in steps if step.plan.task)

    def unsubscribe(self, removals: Iterable[Removal]) -> None:
        """Request the end of these subscriptions. Raises as `carry_out` does."""
        self.carry_out(self._unsubscribe_plans(removals))

    def hold(self, removals: Iterable[Removal], hold: str) -> None:
        """Write the hold to the rows that do not name it yet. Raises as `carry_out` does."""
        new = (one.mailbox for one in removals if one.held != hold)
        self.carry_out((mailbox, MailboxPlan(columns={"held": hold})) for mailbox in new)

    def _unsubscribe_plans(self, removals: Iterable[Removal]) -> Iterator[tuple[str, MailboxPlan]]:
        for one in removals:
            # The row may have changed while the scope was read.
            row = self._mailboxes.read(one.mailbox)
            if not has_task(row, self._world.now()) and not is_unsubscribed(row):
                yield one.mailbox, MailboxPlan(task=TaskKind.UNSUBSCRIBE, reason=one.reason)

    def _steps(self, plans: Iterable[tuple[str, MailboxPlan]]) -> Iterator[_Step]:
        for mailbox, plan in plans:
            delay = self._pacer.delay(plan)
            if delay is not None:
                yield _Step(mailbox, plan, delay)
                continue
            self._run.is_complete = False
            if plan.columns:  # columns need no room
                yield _Step(mailbox, MailboxPlan(columns=plan.columns), timedelta(0))

    def _do(self, step: _Step) -> None:
        plan = step.plan
        if not plan.task or not plan.reason:
            self._mailboxes.update(step.mailbox, **plan.columns)
            return
        # The row first: if this process is killed before it sends, the next run requests the task later.
        asked_until = self._world.now() + step.delay + TASK_TIME
        self._mailboxes.update(step.mailbox, **{**plan.columns, "asked_until": asked_until})
        task = MailboxTask(
            mailbox=step.mailbox, task=plan.task, reason=plan.reason, trace=self._world.new_id()
        )
        self._queue.send(task.encode(), step.delay)


def is_unsubscribed(row: Mailbox) -> bool:
    """Return whether the mailbox left the scope and its subscription has ended."""
    return row.state in {None, MailboxState.REMOVED} and not row.is_subscribed
