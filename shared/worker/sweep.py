"""The sweep: what notifications should have told of and did not.

It looks at all that the calendar shows in a window, and asks the same `decide` as the worker. Only what would
get its link is queued, and the worker then reads it and decides anew; so a sweep that is done twice, or
breaks off half-way, does no harm.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.decision import Outcome, Reason, Verdict
from shared.domain.event import Event
from shared.domain.messages import EventChange, MailboxTask, Source, TaskKind, TaskReason
from shared.errors import EventNotFound
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.decide import decide
from shared.rules.policy import Policy
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.storage.meetings import Meetings
from shared.storage.queues import MessageQueue
from shared.worker import delays
from shared.worker.directory import Directory
from shared.worker.enabling import PENDING
from shared.worker.handled import Handled, later
from shared.worker.policies import Policies
from shared.worker.world import World

#: A change of the last minutes may still be on its way to us.
_ON_ITS_WAY = timedelta(minutes=10)
#: Events of one mailbox are looked at one after the other, so they need not come at once.
_APART = timedelta(seconds=0.5)


@dataclass(slots=True)
class _Sweep:
    """One sweep of one mailbox: what it goes by, and what it found."""

    mailbox: str
    started: datetime
    policy: Policy
    #: whoever changed an event since then should have been told of; None for a first sweep
    watched_since: datetime | None
    pending: frozenset[str]
    events: int = 0
    queued: int = 0
    missed: int = 0
    would_enable: int = 0
    series: set[str] = field(default_factory=set)


class Sweeper:
    """Sweeps mailboxes; one instance serves all threads of a process."""

    def __init__(
        self,
        *,
        world: World,
        policies: Policies,
        directory: Directory,
        meetings: Meetings,
        mailboxes: Mailboxes,
        queue: MessageQueue,
        report_only: bool,
    ) -> None:
        self._world = world
        self._policies = policies
        self._directory = directory
        self._meetings = meetings
        self._mailboxes = mailboxes
        self._queue = queue
        self._report_only = report_only

    def sweep(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Handled:
        """Queue every event of the window that should get a link.

        Raises:
            GraphError, StorageUnavailable, QueueUnavailable: it broke off, and is to be done again.
        """
        policy = self._policies.current()
        if policy is None:
            return later(task, Reason.NO_VALID_RULES, delays.backoff(0, self._world.uniform))
        sweep = _Sweep(
            mailbox=task.mailbox,
            started=self._world.now(),
            policy=policy,
            watched_since=None if row.needs_sweep else row.last_sweep,
            pending=self._meetings.among(task.mailbox, PENDING),
        )
        for event in self._events(sweep, graph):
            self._judge(event, sweep)
        self._mailboxes.note(task.mailbox, last_sweep=sweep.started, asked_until=None)
        self._log(task, sweep)
        handled = Handled(outcome=Outcome.SWEPT, reason=Reason.WINDOW_SEARCHED, policy_hash=policy.hash)
        if sweep.missed and _is_quiet(row):
            again = replace(task, task=TaskKind.SUBSCRIBE, reason=TaskReason.QUIET, attempt=0)
            return replace(handled, again=again)
        return handled

    def _events(self, sweep: _Sweep, graph: Graph) -> Iterator[Event]:
        """Yield what the window shows, of each series its master, once."""
        until = sweep.started + sweep.policy.sweep.window
        with_body = sweep.policy.look_in_body
        for page in graph.calendar_view(sweep.mailbox, sweep.started, until, with_body=with_body):
            for event in page:
                sweep.events += 1
                if event.master is None:
                    yield event
                elif event.master not in sweep.series and not _needs_no_look(event):
                    sweep.series.add(event.master)
                    with suppress(EventNotFound):
                        yield graph.event(sweep.mailbox, event.master, with_body=with_body)

    def _judge(self, event: Event, sweep: _Sweep) -> None:
        verdict = self._verdict(event, sweep)
        sweep.would_enable += verdict is Verdict.WOULD_ENABLE
        if verdict is not Verdict.ENABLE:
            return
        sweep.missed += _is_missed(event, sweep)
        change = EventChange(
            mailbox=sweep.mailbox,
            event=event.id,
            source=Source.SWEEP,
            received=self._world.now(),
            trace=self._world.new_id(),
        )
        self._queue.send(change.encode(), sweep.queued * _APART)
        sweep.queued += 1

    def _verdict(self, event: Event, sweep: _Sweep) -> Verdict:
        """Decide as the worker will; what we remember of an event is read only where that could matter."""
        if event.is_organizer and self._meetings.key(event.id) in sweep.pending:
            return Verdict.ENABLE  # its attempt has no end yet: the worker settles it
        now = self._world.now()
        decision = decide(event, sweep.policy, self._directory.facts(sweep.policy), now)
        if decision.verdict is Verdict.ENABLE:
            meeting = self._meetings.read(sweep.mailbox, event.id).meeting
            decision = decide(event, sweep.policy, self._directory.facts(sweep.policy, meeting), now)
        is_braked = self._report_only and decision.verdict is Verdict.ENABLE
        return Verdict.WOULD_ENABLE if is_braked else decision.verdict

    def _log(self, task: MailboxTask, sweep: _Sweep) -> None:
        logger().info(
            "mailbox.swept",
            mailbox=task.mailbox,
            trace=task.trace,
            because=task.reason,
            events=sweep.events,
            queued=sweep.queued,
            missed=sweep.missed,
            would_enable=sweep.would_enable,
            window_days=sweep.policy.sweep.window.days,
            policy=sweep.policy.hash,
        )


def _needs_no_look(event: Event) -> bool:
    """Tell whether an occurrence shows that its series needs nothing; an exception shows only itself."""
    return not event.is_organizer or (event.type == "occurrence" and bool(event.join_url))


def _is_missed(event: Event, sweep: _Sweep) -> bool:
    """Tell whether the event was changed while the mailbox was watched, so that we should have been told."""
    if sweep.watched_since is None or event.last_modified is None:
        return False
    return sweep.watched_since < event.last_modified <= sweep.started - _ON_ITS_WAY


def _is_quiet(row: Mailbox) -> bool:
    """Tell whether no notification came since the last sweep."""
    return row.last_notification is None or (
        row.last_sweep is not None and row.last_notification < row.last_sweep
    )
