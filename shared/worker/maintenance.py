"""Maintenance: every quarter of an hour, who is to be watched is held against who is.

Both come in the order of ids, one by one: the scope from a file on disk, the rows from the table. So they
are merged like the halves of a zip, and memory does not grow with the tenant. What is due is put on the
queue as tasks. That a task was asked for is noted in the row first, so that the next run does not ask again;
what a run noted and did not send, because it was killed, is asked for half an hour later.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from shared.domain.messages import MailboxTask
from shared.errors import GraphError, QueueUnavailable, StorageUnavailable
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.policy import Policy, Sweep
from shared.storage.last_run import LastRun, LastRuns
from shared.storage.leases import MaintenanceLease
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.storage.queues import MessageQueue
from shared.storage.scope_file import ScopeFile
from shared.worker.memory import MemoryNotBegun, MemoryStart
from shared.worker.pace import Pace
from shared.worker.plans import ASKED, Plan, Standing, Wanted, plan
from shared.worker.policies import Policies
from shared.worker.scope import read_scope
from shared.worker.surplus import Surplus
from shared.worker.watch import Watch, watch_of
from shared.worker.world import World

#: The function is stopped after five minutes (host.json); what a run does not get done, the next one does.
_RUN = timedelta(minutes=4)
_LEASE = timedelta(minutes=6)
_NO_RULES = "no rules are in force, or they have just changed: try again in a minute, or see joinlink doctor"
#: Rows and messages are written by this many at a time, and this many are in memory.
_WRITERS = 8
_AT_ONCE = 256


@dataclass(slots=True)
class _Run:
    """One run: what it found, and what it asked for."""

    id: str
    started: datetime
    is_scope_known: bool = True
    doubts: tuple[str, ...] = ()
    scope: int = 0
    complete: bool = True
    watches: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    soonest_expiry: datetime | None = None

    def see(self, row: Mailbox) -> None:
        """Count a mailbox as it is."""
        watch = watch_of(row, self.started)
        self.watches[watch] += 1
        if watch is Watch.WATCHED and row.expires:
            self.soonest_expiry = min(row.expires, self.soonest_expiry or row.expires)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintained:
    """What a run came to: `trouble` says why it did nothing or not all, in words for an admin."""

    #: mailboxes in scope, None where that could not be told
    scope: int | None = None
    #: how many tasks of each kind were put on the queue
    tasks: Mapping[str, int] = field(default_factory=dict)
    #: False where the next run goes on
    complete: bool = True
    another_is_at_work: bool = False
    trouble: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Todo:
    """What a mailbox needs, and when."""

    row: Mailbox
    planned: Plan
    delay: timedelta


class Maintenance:
    """Holds the scope against the table; safe to kill at any point and to run again."""

    def __init__(
        self,
        *,
        world: World,
        graph: Graph,
        policies: Policies,
        mailboxes: Mailboxes,
        queue: MessageQueue,
        poison: Sequence[MessageQueue],
        lease: MaintenanceLease,
        last_runs: LastRuns,
        endpoint: str,
        notification_url: str,
        memory: MemoryStart,
    ) -> None:
        self._world = world
        self._graph = graph
        self._policies = policies
        self._mailboxes = mailboxes
        self._queue = queue
        self._poison = poison
        self._lease = lease
        self._last_runs = last_runs
        self._endpoint = endpoint
        self._notification_url = notification_url
        self._memory = memory
        self._surplus = Surplus(world=world, graph=graph, mailboxes=mailboxes, lease=lease)

    def run(self) -> Maintained:
        """Ask for all that is due, unless another run is doing so; trouble is logged, and the next run's."""
        run = _Run(self._world.new_id(), self._world.now())
        try:
            if not self._lease.take(run.id, run.started, run.started + _LEASE):
                logger().info("maintenance.skipped", reason="another run is at work")
                return Maintained(another_is_at_work=True)
            try:
                self._memory.begin_if_fresh(self._graph, self._notification_url)
                self._ask_for_all(run)
                surplus = self._surplus.delete_some()
                self._keep(run)
                poison = {queue.name: queue.length() for queue in self._poison}
            finally:
                self._lease.give_back(run.id, self._world.now())
        except (QueueUnavailable, StorageUnavailable) as error:
            logger().error("maintenance.failed", reason="storage_unavailable", detail=str(error))
            return Maintained(trouble=(str(error),))
        except MemoryNotBegun as error:
            logger().error("maintenance.failed", reason="memory_not_begun", detail=str(error))
            return Maintained(trouble=(str(error),))
        self._log(run, surplus, poison)
        return Maintained(
            scope=run.scope if run.is_scope_known else None,
            tasks=dict(run.tasks),
            complete=run.complete,
            trouble=run.doubts,
        )

    def _ask_for_all(self, run: _Run) -> None:
        policy = self._policies.current()
        wanted = Wanted(
            endpoint=self._endpoint,
            sweep_every=policy.sweep.every if policy else Sweep().every,
            now=run.started,
        )
        pace = Pace()
        with ScopeFile() as scope, ThreadPoolExecutor(_WRITERS, "maintenance") as writers:
            self._read_scope(policy, scope, run)
            plans = self._plans(scope, wanted, run)
            while some := list(islice(plans, _AT_ONCE)):
                paced = [
                    _Todo(row, one, delay) for row, one in some if (delay := pace.delay(one)) is not None
                ]
                for _done in writers.map(self._carry_out, paced):
                    pass
                run.tasks.update(str(todo.planned.task) for todo in paced if todo.planned.task)
                is_late = self._world.now() > run.started + _RUN
                run.complete = run.complete and len(paced) == len(some) and not is_late
                if is_late:
                    return

    def _read_scope(self, policy: Policy | None, scope: ScopeFile, run: _Run) -> None:
        try:
            run.doubts = read_scope(policy.mailboxes, self._graph, scope) if policy else (_NO_RULES,)
            run.is_scope_known = policy is not None
        except GraphError as error:
            # Half an answer is none: whoever is missing in it may well be in scope, or be excluded.
            scope.clear()
            run.is_scope_known, run.doubts = False, (str(error),)
        run.scope = len(scope)
        if run.doubts:
            logger().warning("scope.doubted", doubts=run.doubts, known=run.is_scope_known)

    def _plans(self, scope: ScopeFile, wanted: Wanted, run: _Run) -> Iterator[tuple[Mailbox, Plan]]:
        absent = Standing.OUTSIDE if run.is_scope_known and not run.doubts else Standing.UNKNOWN
        for row, why in _meet(scope, self._mailboxes.all()):
            run.see(row)
            standing = absent if why is None else Standing.UNUSABLE if why else Standing.INSIDE
            planned = plan(row, standing, why or "", wanted)
            if planned.task or planned.columns:
                yield row, planned

    def _carry_out(self, todo: _Todo) -> None:
        row, planned, delay = todo.row, todo.planned, todo.delay
        if not planned.task or not planned.reason:
            self._mailboxes.note(row.id, **planned.columns)
            return
        asked_until = self._world.now() + delay + ASKED
        self._mailboxes.note(row.id, **{**planned.columns, "asked_until": asked_until})
        task = MailboxTask(
            mailbox=row.id, task=planned.task, reason=planned.reason, trace=self._world.new_id()
        )
        self._queue.send(task.encode(), delay)

    def _keep(self, run: _Run) -> None:
        """Keep what was seen, for health to read."""
        self._last_runs.write(
            LastRun(
                finished=self._world.now(),
                scope=run.scope if run.is_scope_known else None,
                mailboxes=run.watches,
                soonest_expiry=run.soonest_expiry,
            )
        )

    def _log(self, run: _Run, surplus: int, poison: Mapping[str, int]) -> None:
        now, tally = self._world.now(), self._graph.tally
        logger().log(
            logging.WARNING if any(poison.values()) else logging.INFO,
            "maintenance.finished",
            scope=run.scope if run.is_scope_known else None,
            complete=run.complete,
            mailboxes=dict(run.watches),
            tasks=dict(run.tasks),
            surplus_deleted=surplus,
            poison=poison,
            soonest_expiry=run.soonest_expiry,
            duration_seconds=round((now - run.started).total_seconds(), 3),
            graph_calls=tally.calls,
        )


def _meet(scope: Iterable[tuple[str, str]], rows: Iterable[Mailbox]) -> Iterator[tuple[Mailbox, str | None]]:
    """Merge two lists that are in the order of ids: each mailbox with its word in the scope, None outside."""
    entries, known = iter(scope), iter(rows)
    entry, row = next(entries, None), next(known, None)
    while entry or row:
        if row is None or (entry and entry[0] < row.id):
            assert entry
            yield Mailbox(id=entry[0]), entry[1]
            entry = next(entries, None)
        elif entry is None or row.id < entry[0]:
            yield row, None
            row = next(known, None)
        else:
            yield row, entry[1]
            entry, row = next(entries, None), next(known, None)
