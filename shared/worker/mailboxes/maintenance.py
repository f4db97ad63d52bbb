"""Maintenance: every quarter of an hour, who is to be watched is held against who is.

Both come in the order of ids, one by one: the scope from a file on disk, the rows from the table. So they
are merged like the halves of a zip, and memory does not grow with the tenant. What is due is put on the
queue as tasks. That a task was asked for is noted in the row first, so that the next run does not ask again;
what a run noted and did not send, because it was killed, is asked for half an hour later. Who leaves is
counted on the way, and dealt with only when the whole scope was seen.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from shared.domain.messages import TaskKind
from shared.domain.queue_port import ManagedQueue, QueueSender
from shared.errors import GraphError, OutOfTime, QueueUnavailable, StorageUnavailable
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.policy import Policy, Sweep
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.storage.maintenance_lease import MaintenanceLease
from shared.storage.maintenance_report import MaintenanceReport, MaintenanceReports
from shared.storage.removal_hold import RemovalHolds
from shared.storage.sorted_id_file import SortedIdFile
from shared.worker.common.memory import MemoryNotBegun, MemoryStart
from shared.worker.common.world import World
from shared.worker.mailboxes.asking import Asking
from shared.worker.mailboxes.leaving import Gatekeeper, Leaver, Leavers, is_released
from shared.worker.mailboxes.maintenance_run import Maintained, Run, Turn
from shared.worker.mailboxes.merging import meet
from shared.worker.mailboxes.odd_moments import repaired, repairs
from shared.worker.mailboxes.plans import Plan, Standing, Wanted, is_asked, plan
from shared.worker.mailboxes.scope import read_scope
from shared.worker.mailboxes.surplus import Surplus

_NO_RULES = "no rules are in force, or they have just changed: try again in a minute, or see joinlink doctor"


class Rules(Protocol):
    """Where the rules in force come from."""

    def current(self) -> Policy | None:
        """Return the policy in force; None while there is none."""


class Maintenance:
    """RemovalHolds the scope against the table; safe to kill at any point and to run again."""

    def __init__(
        self,
        *,
        world: World,
        graph: Graph,
        policies: Rules,
        mailboxes: Mailboxes,
        queue: QueueSender,
        poison: Sequence[ManagedQueue],
        upkeep: Callable[[], None],
        lease: MaintenanceLease,
        holds: RemovalHolds,
        last_runs: MaintenanceReports,
        endpoint: str,
        notification_url: str,
        memory: MemoryStart,
        introduce: Callable[[], None] = lambda: None,
    ) -> None:
        """`introduce` notes which app this is; a desk gives none."""
        self._world = world
        self._graph = graph
        self._policies = policies
        self._mailboxes = mailboxes
        self._queue = queue
        self._poison = poison
        self._upkeep = upkeep
        self._lease = lease
        self._gatekeeper = Gatekeeper(holds)
        self._last_runs = last_runs
        self._endpoint = endpoint
        self._notification_url = notification_url
        self._memory = memory
        self._introduce = introduce
        self._surplus = Surplus(world=world, graph=graph, mailboxes=mailboxes, lease=lease)

    def run(self, confirmed: str = "") -> Maintained:
        """Ask for all that is due, unless another run is doing so; trouble is logged, and the next run's.

        `confirmed` is the hash of the mailboxes that an admin lets leave, empty for none.
        """
        run = Run(self._world.new_id(), self._world.now(), confirmed)
        try:
            if not self._lease.take(run.id):
                logger().info("maintenance.skipped", reason="another run is working")
                return Maintained(another_is_at_work=True)
            try:
                surplus = self._do(run)
                poison = {queue.name: queue.length() for queue in self._poison}
            finally:
                self._lease.release(run.id)
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
            held=run.held,
            held_hash=run.held_hash,
            is_confirmed=bool(run.hold and run.hold.is_released and run.hold.hash == confirmed),
        )

    def _do(self, run: Run) -> int:
        """Do all that the run has time for; return how many surplus subscriptions were deleted."""
        self._memory.begin_if_fresh(self._graph, self._notification_url)
        self._introduce()
        self._upkeep()
        turn = Turn(self._lease, run, self._world.now)
        surplus = 0
        try:
            run.hold = self._gatekeeper.current()
            self._ask_for_all(run, turn)
            turn.check()
            surplus = self._surplus.delete_some()
        except OutOfTime:
            run.complete = False
            run.stopped = run.stopped or "out_of_time"
        if run.stopped != "lease_lost":  # whoever has the lease now tells how things are
            self._keep(run)
        return surplus

    def _ask_for_all(self, run: Run, turn: Turn) -> None:
        policy = self._policies.current()
        wanted = Wanted(
            endpoint=self._endpoint,
            sweep_every=policy.sweep.every if policy else Sweep().every,
            now=run.started,
        )
        asking = Asking(world=self._world, mailboxes=self._mailboxes, queue=self._queue, run=run, turn=turn)
        with SortedIdFile() as scope, SortedIdFile() as file:
            self._read_scope(policy, scope, run, turn)
            leavers = Leavers(file)
            asking.carry_out(self._plans(scope, leavers, wanted, run))
            if run.repaired:
                logger().warning("mailboxes.moments_repaired", columns=dict(run.repaired))
            if run.is_scope_known and not run.doubts:
                self._settle(leavers, asking, run)

    def _read_scope(self, policy: Policy | None, scope: SortedIdFile, run: Run, turn: Turn) -> None:
        try:
            run.doubts = (
                read_scope(policy.mailboxes, self._graph, scope, turn.check) if policy else (_NO_RULES,)
            )
            run.is_scope_known = policy is not None
        except GraphError as error:
            # Half an answer is none: whoever is missing in it may well be in scope, or be excluded.
            scope.clear()
            run.is_scope_known, run.doubts = False, (str(error),)
        run.scope = len(scope)
        if run.doubts:
            logger().warning(
                "scope.doubted", doubts=run.doubts, known=run.is_scope_known, held=run.held, confirm=None
            )

    def _plans(
        self, scope: SortedIdFile, leavers: Leavers, wanted: Wanted, run: Run
    ) -> Iterator[tuple[str, Plan]]:
        """Yield what is to be done for each mailbox; who leaves is set down in `leavers`."""
        absent = Standing.OUTSIDE if run.is_scope_known and not run.doubts else Standing.UNKNOWN
        for read, why in meet(scope, self._mailboxes.all()):
            odd = repairs(read, wanted.now)
            run.repaired.update(odd.keys())
            row = repaired(read, odd)
            run.see(row)
            standing = absent if why is None else Standing.UNUSABLE if why else Standing.INSIDE
            planned = plan(row, standing, why or "", wanted)
            if planned.leaves:
                planned = self._leaving(row, planned, leavers, run)
            if odd:
                planned = replace(planned, columns={**odd, **planned.columns})
            if planned.task or planned.columns:
                yield row.id, planned

    @staticmethod
    def _leaving(row: Mailbox, planned: Plan, leavers: Leavers, run: Run) -> Plan:
        """Return what is to be done at once for a mailbox that leaves."""
        if planned.leaves is None or not is_released(row, run.hold):
            if planned.leaves:
                leavers.add([Leaver(mailbox=row.id, reason=planned.leaves, held=row.held)])
            return replace(planned, leaves=None)
        if is_asked(row, run.started):
            return Plan()
        return Plan(task=TaskKind.UNSUBSCRIBE, reason=planned.leaves)

    def _settle(self, leavers: Leavers, asking: Asking, run: Run) -> None:
        """Let those go who leave, or hold them where they are too many."""
        hold = self._gatekeeper.judge(
            leavers, watched=run.watched, confirmed=run.confirmed, new_id=self._world.new_id()
        )
        if hold is not None or not (run.hold and run.hold.is_released):
            run.hold = hold
        if hold is None:
            asking.let_go(leavers)
            return
        asking.hold(leavers, hold.id)
        if hold.is_released:
            asking.let_go(leavers)
            logger().warning(
                "scope.released", held=hold.number, confirmed=hold.hash == run.confirmed, confirm=hold.hash
            )
            return
        doubt = f"{hold.number} of {run.watched} watched mailboxes would be unsubscribed at once"
        logger().warning("scope.doubted", doubts=(doubt,), known=True, held=hold.number, confirm=hold.hash)

    def _keep(self, run: Run) -> None:
        """Keep what was seen, for health to read."""
        now = self._world.now()
        before = None
        if not run.complete:
            with suppress(StorageUnavailable):  # a damaged row: this run replaces it
                before = self._last_runs.read()
        noted = before.unfinished_since if before else None
        unfinished_since = min(noted or now, now)  # a clock that is ahead must not keep health quiet
        self._last_runs.write(
            MaintenanceReport(
                finished=now,
                scope=run.scope if run.is_scope_known else None,
                mailboxes=run.watches,
                soonest_expiry=run.soonest_expiry,
                doubts=run.doubts,
                held=run.held,
                held_hash=run.held_hash,
                unfinished_since=None if run.complete else unfinished_since,
            )
        )

    def _log(self, run: Run, surplus: int, poison: Mapping[str, int]) -> None:
        now, tally = self._world.now(), self._graph.tally
        logger().log(
            logging.WARNING if any(poison.values()) or run.stopped else logging.INFO,
            "maintenance.finished",
            scope=run.scope if run.is_scope_known else None,
            complete=run.complete,
            stopped=run.stopped or None,
            mailboxes=dict(run.watches),
            held=run.held,
            tasks=dict(run.tasks),
            surplus_deleted=surplus,
            poison=poison,
            soonest_expiry=run.soonest_expiry,
            duration_seconds=round((now - run.started).total_seconds(), 3),
            graph_calls=tally.calls,
        )
