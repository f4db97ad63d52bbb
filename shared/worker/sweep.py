"""The sweep: what notifications should have told of and did not.

Only what would get its link is queued, and the worker then reads it and decides anew; so a sweep that is
done twice, or breaks off half-way, does no harm.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.decision import Outcome, Reason, Verdict
from shared.domain.event import Event
from shared.domain.messages import EventChange, MailboxTask, Source, TaskKind, TaskReason
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.storage.queues import MessageQueue
from shared.worker.calendar_search import CalendarSearcher, Judged, Search
from shared.worker.handled import Handled, later_without_rules
from shared.worker.policies import Policies
from shared.worker.world import World

#: A change of the last minutes may still be on its way to us.
_ON_ITS_WAY = timedelta(minutes=10)
#: Events of one mailbox are looked at one after the other, so they need not come at once.
_APART = timedelta(seconds=0.5)


@dataclass(slots=True)
class _Sweep:
    """One sweep of one mailbox: what it goes by, and what it found."""

    search: Search
    #: whoever changed an event since then should have been told of; None for a first sweep
    watched_since: datetime | None
    queued: int = 0
    missed: int = 0
    would_enable: int = 0


class Sweeper:
    """Sweeps mailboxes; one instance serves all threads of a process."""

    def __init__(
        self,
        *,
        world: World,
        policies: Policies,
        searcher: CalendarSearcher,
        mailboxes: Mailboxes,
        queue: MessageQueue,
    ) -> None:
        self._world = world
        self._policies = policies
        self._searcher = searcher
        self._mailboxes = mailboxes
        self._queue = queue

    def sweep(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Handled:
        """Queue every event of the window that should get a link.

        Raises:
            GraphError, StorageUnavailable, QueueUnavailable: it broke off, and is to be done again.
        """
        policy = self._policies.current()
        if policy is None:
            return later_without_rules(task, self._world.uniform)
        started = self._world.now()
        search = Search(
            mailbox=task.mailbox, start=started, until=started + policy.sweep.window, policy=policy
        )
        sweep = _Sweep(search, watched_since=None if row.needs_sweep else row.last_sweep)
        for found in self._searcher.judged(search, graph):
            self._take(found, sweep)
        self._mailboxes.note(task.mailbox, last_sweep=started, asked_until=None)
        self._log(task, sweep)
        handled = Handled(outcome=Outcome.SWEPT, reason=Reason.WINDOW_SEARCHED, policy_hash=policy.hash)
        if sweep.missed and _is_quiet(row):
            again = replace(task, task=TaskKind.SUBSCRIBE, reason=TaskReason.QUIET, attempt=0)
            return replace(handled, again=again)
        return handled

    def _take(self, found: Judged, sweep: _Sweep) -> None:
        sweep.would_enable += found.verdict is Verdict.WOULD_ENABLE
        if found.verdict is not Verdict.ENABLE:
            return
        sweep.missed += _is_missed(found.event, sweep)
        change = EventChange(
            mailbox=sweep.search.mailbox,
            event=found.event.id,
            source=Source.SWEEP,
            received=self._world.now(),
            trace=self._world.new_id(),
        )
        self._queue.send(change.encode(), sweep.queued * _APART)
        sweep.queued += 1

    def _log(self, task: MailboxTask, sweep: _Sweep) -> None:
        logger().info(
            "mailbox.swept",
            mailbox=task.mailbox,
            trace=task.trace,
            because=task.reason,
            events=sweep.search.shown,
            queued=sweep.queued,
            missed=sweep.missed,
            would_enable=sweep.would_enable,
            window_days=sweep.search.policy.sweep.window.days,
            policy=sweep.search.policy.hash,
        )


def _is_missed(event: Event, sweep: _Sweep) -> bool:
    """Tell whether the event was changed while the mailbox was watched, so that we should have been told."""
    if sweep.watched_since is None or event.last_modified is None:
        return False
    return sweep.watched_since < event.last_modified <= sweep.search.start - _ON_ITS_WAY


def _is_quiet(row: Mailbox) -> bool:
    """Tell whether no notification came since the last sweep."""
    return row.last_notification is None or (
        row.last_sweep is not None and row.last_notification < row.last_sweep
    )
