"""Maintenance: every quarter of an hour, requests what brings the watched mailboxes in line with the scope.

One run reads the scope from the directory and compares it with the rows of the `mailboxes` table. It puts the
tasks that are due on the queue. It writes to the row first that a task is requested, so that the next run
does not request it again. A run that is killed in between leaves a row without a task: the task is requested
again half an hour later. Mailboxes that leave the scope are counted first. At the end, when the whole scope
was read, they are unsubscribed or held.

After an admin stopped Joinlink, a run requests the end of every subscription, and nothing else.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from shared.domain.queue_port import ManagedQueue, QueueSender
from shared.errors import GraphError, OutOfTime, QueueUnavailable, StorageUnavailable
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.policy import Policy, Sweep
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.storage.maintenance_lease import MaintenanceLease
from shared.storage.maintenance_report import MaintenanceReport, MaintenanceReports
from shared.storage.other_deployments import OtherDeployments
from shared.storage.removal_hold import RemovalHolds
from shared.storage.sorted_id_file import SortedIdFile
from shared.storage.watch_stop import WatchStop
from shared.version import VERSION
from shared.worker.common.world import World
from shared.worker.mailboxes.maintenance_run import MaintenanceResult, MaintenanceRun, RunLimits
from shared.worker.mailboxes.plans import Requirements
from shared.worker.mailboxes.reconciliation import plan_all
from shared.worker.mailboxes.removals import PendingRemovals, RemovalGuard
from shared.worker.mailboxes.scope import read_scope
from shared.worker.mailboxes.surplus_subscriptions import SurplusSubscriptions
from shared.worker.mailboxes.task_requests import TaskRequests
from shared.worker.mailboxes.unsubscription import unsubscribe_plans
from shared.worker.mailboxes.write_memory import MemoryNotStarted, MemoryState, WriteMemory

_NO_RULES = "no rules are in force, or they have just changed: try again in a minute, or see joinlink doctor"


class PolicySource(Protocol):
    """Returns the rules in force."""

    def current(self) -> Policy | None:
        """Return the policy in force; None if there is none."""


class Maintenance:
    """Runs maintenance. It may be killed at any time; the next run continues."""

    def __init__(
        self,
        *,
        world: World,
        graph: Graph,
        policies: PolicySource,
        mailboxes: Mailboxes,
        queue: QueueSender,
        poison: Sequence[ManagedQueue],
        maintain_queues: Callable[[], None],
        cleanup: Callable[[Callable[[], None]], Mapping[str, int]],
        lease: MaintenanceLease,
        holds: RemovalHolds,
        stop: WatchStop,
        others: OtherDeployments,
        reports: MaintenanceReports,
        endpoint: str,
        notification_url: str,
        memory: WriteMemory,
        record_settings: Callable[[], None] | None,
    ) -> None:
        """`cleanup` deletes old rows as long as its argument returns, and returns how many of each table.

        `record_settings` stores the app's settings; None at a desk. Graph lists subscriptions only to the
        identity that created them. A desk may have another one, so it neither starts the memory of past
        writes, nor searches for surplus subscriptions.
        """
        self._world = world
        self._graph = graph
        self._policies = policies
        self._mailboxes = mailboxes
        self._queue = queue
        self._poison = poison
        self._maintain_queues = maintain_queues
        self._cleanup = cleanup
        self._lease = lease
        self._removal_guard = RemovalGuard(holds)
        self._stop = stop
        self._reports = reports
        self._endpoint = endpoint
        self._notification_url = notification_url
        self._memory = memory
        self._record_settings = record_settings
        self._surplus = SurplusSubscriptions(
            world=world,
            graph=graph,
            mailboxes=mailboxes,
            lease=lease,
            others=others,
            notification_url=notification_url,
        )

    def run(self, confirmed: str = "") -> MaintenanceResult:
        """Request all that is due, unless another run is active. Log problems; the next run retries.

        `confirmed` is the hash of the mailboxes that an admin lets leave, empty for none.
        """
        run = MaintenanceRun(self._world.new_id(), self._world.now(), confirmed)
        try:
            if not self._lease.take(run.id):
                logger().info("maintenance.skipped", reason="another run is working")
                return MaintenanceResult(is_another_run_active=True)
            try:
                surplus = self._do(run)
                poison = {queue.name: queue.length() for queue in self._poison}
            finally:
                self._lease.release(run.id)
        except (QueueUnavailable, StorageUnavailable) as error:
            return _failed("storage_unavailable", error)
        except MemoryNotStarted as error:
            return _failed("memory_not_begun", error)
        self._log(run, surplus, poison)
        return MaintenanceResult(
            scope=run.scope if run.is_scope_known else None,
            tasks=dict(run.tasks),
            is_complete=run.is_complete,
            problems=run.doubts,
            held=run.held,
            held_hash=run.held_hash,
            is_confirmed=bool(run.hold and run.hold.is_released and run.hold.hash == confirmed),
        )

    def _do(self, run: MaintenanceRun) -> int:
        """Do what the run has time for; return how many surplus subscriptions were deleted."""
        if self._record_settings:
            self._memory.start_if_fresh(self._graph, self._notification_url)
            self._record_settings()
        elif self._memory.state() is MemoryState.NOT_STARTED:
            raise MemoryNotStarted("only the app starts the memory of writes: wait for its next maintenance")
        self._maintain_queues()
        limits = RunLimits(self._lease, run, self._world.now)
        surplus = 0
        try:
            run.is_stopped = self._stop.is_set()
            run.hold = self._removal_guard.current()
            self._request_tasks(run, limits)
            limits.check()
            if self._record_settings:
                surplus = self._surplus.delete_some(is_due=run.is_stopped)
            run.removed.update(self._cleanup(limits.check))
        except OutOfTime:
            run.is_complete = False
            run.stopped = run.stopped or "out_of_time"
        if run.stopped != "lease_lost":  # else the run that has the lease now writes the report
            self._write_report(run)
        return surplus

    def _request_tasks(self, run: MaintenanceRun, limits: RunLimits) -> None:
        """Request the tasks of all mailboxes, and unsubscribe or hold those that leave."""
        policy = self._policies.current()
        required = Requirements(
            endpoint=self._endpoint,
            sweep_every=policy.sweep.every if policy else Sweep().every,
            now=run.started,
        )
        requests = TaskRequests(
            world=self._world, mailboxes=self._mailboxes, queue=self._queue, run=run, check=limits.check
        )
        if run.is_stopped:
            run.hold = None
            requests.carry_out(unsubscribe_plans(self._counted(run), run.started))
            return
        with SortedIdFile() as scope, SortedIdFile() as file:
            self._read_scope(policy, scope, run, limits)
            removals = PendingRemovals(file)
            requests.carry_out(plan_all(scope, self._mailboxes.all(), required, run, removals))
            if run.repaired:
                logger().warning("mailboxes.moments_repaired", columns=dict(run.repaired))
            if run.is_scope_certain:
                self._unsubscribe_or_hold(removals, requests, run)

    def _counted(self, run: MaintenanceRun) -> Iterator[Mailbox]:
        """Yield every mailbox, and count it."""
        for row in self._mailboxes.all():
            run.count(row)
            yield row

    def _read_scope(
        self, policy: Policy | None, scope: SortedIdFile, run: MaintenanceRun, limits: RunLimits
    ) -> None:
        """Fill `scope`, and write to `run` what is known of it."""
        run.is_scope_known = policy is not None
        try:
            run.doubts = (
                read_scope(policy.mailboxes, self._graph, scope, limits.check) if policy else (_NO_RULES,)
            )
        except GraphError as error:
            # A partial answer is worthless: a mailbox that is missing may be in scope, or excluded.
            scope.clear()
            run.is_scope_known, run.doubts = False, (str(error),)
        run.scope = len(scope)
        if run.doubts:
            logger().warning(
                "scope.doubted", doubts=run.doubts, known=run.is_scope_known, held=run.held, confirm=None
            )

    def _unsubscribe_or_hold(
        self, removals: PendingRemovals, requests: TaskRequests, run: MaintenanceRun
    ) -> None:
        hold = self._removal_guard.check(
            removals, subscribed=run.subscribed, confirmed=run.confirmed, new_id=self._world.new_id()
        )
        if hold is None:
            if not (run.hold and run.hold.is_released):
                run.hold = None
            requests.unsubscribe(removals)
            return
        run.hold = hold
        requests.hold(removals, hold.id)
        if hold.is_released:
            requests.unsubscribe(removals)
            logger().warning(
                "scope.released", held=hold.number, confirmed=hold.hash == run.confirmed, confirm=hold.hash
            )
            return
        doubt = f"{hold.number} of {run.subscribed} watched mailboxes would be unsubscribed at once"
        logger().warning("scope.doubted", doubts=(doubt,), known=True, held=hold.number, confirm=hold.hash)

    def _write_report(self, run: MaintenanceRun) -> None:
        """Store the result for health and status."""
        now = self._world.now()
        last = None
        if not run.is_complete:
            with suppress(StorageUnavailable):  # a damaged row: this report replaces it
                last = self._reports.read()
        since = last.unfinished_since if last else None
        unfinished_since = min(since or now, now)  # a clock that is ahead must not hide the problem
        self._reports.write(
            MaintenanceReport(
                finished=now,
                scope=run.scope if run.is_scope_known else None,
                mailboxes=run.coverage,
                soonest_expiry=run.soonest_expiry,
                lapsing=run.lapsing,
                doubts=run.doubts,
                held=run.held,
                held_hash=run.held_hash,
                unfinished_since=None if run.is_complete else unfinished_since,
            )
        )

    def _log(self, run: MaintenanceRun, surplus: int, poison: Mapping[str, int]) -> None:
        now, tally = self._world.now(), self._graph.tally
        logger().log(
            logging.WARNING if any(poison.values()) or run.stopped else logging.INFO,
            "maintenance.finished",
            version=VERSION,
            scope=run.scope if run.is_scope_known else None,
            complete=run.is_complete,
            stopped=run.stopped or None,
            mailboxes=dict(run.coverage),
            held=run.held,
            tasks=dict(run.tasks),
            surplus_deleted=surplus,
            removed=dict(run.removed),
            poison=poison,
            soonest_expiry=run.soonest_expiry,
            lapsing=run.lapsing,
            duration_seconds=round((now - run.started).total_seconds(), 3),
            graph_calls=tally.calls,
        )


def _failed(reason: str, error: Exception) -> MaintenanceResult:
    logger().error("maintenance.failed", reason=reason, detail=str(error))
    return MaintenanceResult(problems=(str(error),))
