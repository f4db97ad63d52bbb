"""Putting tasks for mailboxes on the queue, at a pace that Graph's limits bear."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from shared.domain.messages import MailboxTask, TaskKind
from shared.domain.queue_port import QueueSender
from shared.storage.mailboxes import Mailbox, Mailboxes, MailboxState
from shared.worker.common.world import World
from shared.worker.mailboxes.leaving import Leaver
from shared.worker.mailboxes.maintenance_run import Run, Turn
from shared.worker.mailboxes.pace import Pace
from shared.worker.mailboxes.plans import ASKED, Plan, is_asked

#: Rows and messages are written by this many at a time, and this many are in memory.
_WRITERS = 8
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class _Todo:
    """What a mailbox needs, and when."""

    mailbox: str
    planned: Plan
    delay: timedelta


class Asking:
    """Carries out the plans of one run."""

    def __init__(
        self, *, world: World, mailboxes: Mailboxes, queue: QueueSender, run: Run, turn: Turn
    ) -> None:
        self._world = world
        self._mailboxes = mailboxes
        self._queue = queue
        self._run = run
        self._turn = turn
        self._pace = Pace()

    def carry_out(self, plans: Iterable[tuple[str, Plan]]) -> None:
        """Set columns and ask for tasks; what is too much for this run is left to the next.

        Raises:
            OutOfTime: the run must end.
            StorageUnavailable, QueueUnavailable: not all was asked for; the next run does the rest.
        """
        rest = iter(plans)
        with ThreadPoolExecutor(_WRITERS, "maintenance") as writers:
            while some := list(islice(rest, _AT_ONCE)):
                self._turn.check()
                paced = list(self._paced(some))
                for _done in writers.map(self._do, paced):
                    pass
                self._run.tasks.update(str(todo.planned.task) for todo in paced if todo.planned.task)

    def let_go(self, leavers: Iterable[Leaver]) -> None:
        """Ask to end the subscriptions of those who leave. Raises as `carry_out` does."""
        self.carry_out(self._ends(leavers))

    def hold(self, leavers: Iterable[Leaver], hold: str) -> None:
        """Note the hold in the rows that do not name it yet. Raises as `carry_out` does."""
        fresh = (one.mailbox for one in leavers if one.held != hold)
        self.carry_out((mailbox, Plan(columns={"held": hold})) for mailbox in fresh)

    def _ends(self, leavers: Iterable[Leaver]) -> Iterator[tuple[str, Plan]]:
        for one in leavers:
            # The scope took a while to read: the row tells whether this is still to be done.
            row = self._mailboxes.read(one.mailbox)
            if not is_asked(row, self._world.now()) and not is_ineligible(row):
                yield one.mailbox, Plan(task=TaskKind.UNSUBSCRIBE, reason=one.reason)

    def _paced(self, plans: Iterable[tuple[str, Plan]]) -> Iterator[_Todo]:
        for mailbox, planned in plans:
            delay = self._pace.delay(planned)
            if delay is not None:
                yield _Todo(mailbox, planned, delay)
                continue
            self._run.complete = False
            if planned.columns:  # they wait for no pace
                yield _Todo(mailbox, Plan(columns=planned.columns), timedelta(0))

    def _do(self, todo: _Todo) -> None:
        planned = todo.planned
        if not planned.task or not planned.reason:
            self._mailboxes.update(todo.mailbox, **planned.columns)
            return
        asked_until = self._world.now() + todo.delay + ASKED
        self._mailboxes.update(todo.mailbox, **{**planned.columns, "asked_until": asked_until})
        task = MailboxTask(
            mailbox=todo.mailbox, task=planned.task, reason=planned.reason, trace=self._world.new_id()
        )
        self._queue.send(task.encode(), todo.delay)


def is_ineligible(row: Mailbox) -> bool:
    """Whether its subscription is ended already."""
    return row.state in {None, MailboxState.REMOVED} and not row.subscription
