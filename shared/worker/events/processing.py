"""Processes one change: reads the event, and has it decided.

A message says where to read, never what changed. Duplicates, reordering, notifications of our own writes and
lost answers therefore need no special cases: the event as it is now decides.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.decision import Outcome, Reason
from shared.domain.ending import with_occurrence
from shared.domain.messages import EventChange, Source
from shared.errors import (
    EventChanged,
    GraphError,
    GraphUnavailable,
    JoinlinkError,
    OutOfTime,
    SecondLook,
    StateChanged,
    StorageUnavailable,
    TableMissing,
    Throttled,
    TooManyAtOnce,
)
from shared.graph.client import Graph
from shared.rules.policy import Policy
from shared.storage.mailboxes import Mailboxes
from shared.storage.meetings import Meetings, StoredMeeting
from shared.worker.common import delays
from shared.worker.common.ending import (
    AnsweredRead,
    Ending,
    ending_for_error,
    retry_later,
    retry_with_backoff,
    wait_for_rules,
)
from shared.worker.common.mailbox_refusals import record_refusal
from shared.worker.common.policy_reloader import PolicyReloader
from shared.worker.common.world import World
from shared.worker.events.deciding import EventDecider
from shared.worker.events.event_read import EventRead
from shared.worker.events.gate import MAX_CONCURRENT, MailboxGate
from shared.worker.events.mailbox_line import MailboxLines
from shared.worker.events.recent_reads import RecentReads, earliest_start, has_seen
from shared.worker.events.scope_check import ScopeCheck
from shared.worker.events.suspected_mailboxes import SuspectedMailboxes

#: How often one message reads and decides an event that changes meanwhile.
MAX_READS = 3
#: how long a thread waits for a place; a place is free again after a few calls
_PATIENCE = timedelta(seconds=3)
_SUPERSEDED = Ending(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE)
_SEARCHES = frozenset({Reason.NOT_FOUND_YET, Reason.NOT_FOUND})


class Processor:
    """Processes changes; one instance serves all threads of a process."""

    def __init__(
        self,
        *,
        world: World,
        policies: PolicyReloader,
        meetings: Meetings,
        mailboxes: Mailboxes,
        scope: ScopeCheck,
        decider: EventDecider,
    ) -> None:
        self._world = world
        self._policies = policies
        self._meetings = meetings
        self._mailboxes = mailboxes
        self._scope = scope
        self._decider = decider
        self._gate = MailboxGate()
        self._lines = MailboxLines(MAX_CONCURRENT)
        self._reads = RecentReads()
        self._suspected = SuspectedMailboxes(mailboxes)

    def process(self, change: EventChange, graph: Graph, taken: datetime | None = None) -> Ending:
        """Read the event, decide, act, and return how the message ends.

        `graph` counts the calls of this message. `taken` is when the host dequeued the message, by the queue
        service's clock: every read for the message is later.
        """
        if self._is_superseded(change, change.event):
            return _SUPERSEDED
        policy = self._policies.current()
        if policy is None:
            return wait_for_rules(change, self._world.uniform)
        if throttled := self._gate.throttled_for(change.mailbox, self._world.now()):
            wait = delays.after_throttling(throttled, 0, self._world.uniform)
            return retry_later(change, Reason.THROTTLED, wait)
        running, now = taken if _is_given_again(change) else None, self._world.now()
        with self._gate.enter(
            change.mailbox, change.event, taken=running, patience=_PATIENCE, now=now
        ) as is_admitted:
            if not is_admitted:
                return self._ending_of_refused(change)
            # Another thread may have read the event since the first check.
            if self._is_superseded(change, change.event):
                return _SUPERSEDED
            return self._process_admitted(change, graph, policy, taken)

    def _ending_of_refused(self, change: EventChange) -> Ending:
        """End a copy of a message that is handled now; send others to the end of their mailbox's line."""
        running = self._gate.running_since(change.mailbox, change.event)
        if not _must_read(change) and has_seen(running, change.queued):
            return _SUPERSEDED
        wait = self._lines.join(change.mailbox, self._world.now())
        return retry_later(change, Reason.MAILBOX_BUSY, wait)

    def forget(self, change: EventChange, ending: Ending) -> None:
        """Forget the read of a message that the host will deliver again, so that the event is read again."""
        if ending.read:
            self._reads.forget(change.mailbox, ending.read)

    def _is_superseded(self, change: EventChange, event: str) -> bool:
        """Return whether the event was read after this message was queued, for another message."""
        return not _must_read(change) and self._reads.since(change.mailbox, event, change.queued)

    def _process_admitted(
        self, change: EventChange, graph: Graph, policy: Policy, taken: datetime | None
    ) -> Ending:
        """Process the change and remember the read, so that copies of the message end without one."""
        started = self._world.now()
        ending = self._process_or_fail(change, graph, policy)
        self._lines.note_duration(self._world.now() - started)
        if ending.read:
            date = graph.tally.date
            after = ending.read.after or taken or earliest_start(date, self._world.now() - started)
            self._reads.note(change.mailbox, ending.read, after)
        return ending

    def _process_or_fail(self, change: EventChange, graph: Graph, policy: Policy) -> Ending:
        """Process the change if its mailbox is in scope; an error becomes an ending, too."""
        try:
            if not self._scope.is_in_scope(change, policy, self._world.now()):
                return Ending(outcome=Outcome.SKIPPED, reason=Reason.NOT_IN_SCOPE, policy_hash=policy.hash)
            ending = self._process_until_unchanged(change, graph, policy)
        except TableMissing:
            return Ending(outcome=Outcome.WOULD_ENABLE, reason=Reason.MEMORY_MISSING, policy_hash=policy.hash)
        except (GraphError, StorageUnavailable, OutOfTime) as error:
            return self._ending_for_error(error, change)
        self._gate.note_success(change.mailbox, self._world.now())
        self._suspected.clear(change.mailbox)
        return ending

    def _ending_for_error(self, error: JoinlinkError, change: EventChange) -> Ending:
        """Note what the error says about the mailbox, and return how it ends the message."""
        if isinstance(error, Throttled):
            self._gate.throttle(change.mailbox, self._world.now(), error.retry_after)
        if isinstance(error, TooManyAtOnce):
            self._gate.narrow(change.mailbox, self._world.now())
        noted = record_refusal(error, change.mailbox, self._mailboxes, self._world.now(), by_task=False)
        if isinstance(noted, SecondLook):
            self._suspected.add(change.mailbox)
        ending = ending_for_error(noted, change, self._world.uniform)
        if ending.reason in _SEARCHES:
            # One search for a missing event answers all copies of the message.
            return replace(ending, read=AnsweredRead(frozenset({change.event})))
        return ending

    def _process_until_unchanged(self, change: EventChange, graph: Graph, policy: Policy) -> Ending:
        """Process the change again if the event or its row changed before the write."""
        failures = 0
        for _ in range(MAX_READS):
            try:
                return self._process_once(change, graph, policy)
            except (EventChanged, StateChanged):
                continue
            except GraphUnavailable:
                # The answer to a write may be lost: read the event at once, which may show the effect.
                failures += 1
                if failures > 1 or not graph.tally.writes:
                    raise
        return retry_with_backoff(change, Reason.CHANGED_MEANWHILE, self._world.uniform)

    def _process_once(self, change: EventChange, graph: Graph, policy: Policy) -> Ending:
        started = self._world.now()
        event = graph.event(change.mailbox, change.event)
        ids = frozenset({change.event, event.id})
        if event.master is not None:
            if self._is_superseded(change, event.master):
                # The read of the series may be older than changes that other messages report.
                read = AnsweredRead(ids, self._reads.last(change.mailbox, event.master))
                return replace(_SUPERSEDED, read=read)
            event = with_occurrence(graph.event(change.mailbox, event.master), event)
        # Joinlink writes, and therefore stores, only the organizer's copy.
        stored = self._meetings.read(change.mailbox, event.id) if event.is_organizer else StoredMeeting()
        duration = max(self._world.now() - started, timedelta(0))
        age = max(stored.age - duration, timedelta(0))
        ending = self._decider.decide_and_act(EventRead(change, event, stored, policy, age), graph)
        answered = AnsweredRead(ids | {event.id}) if answers_copies(ending) else None
        return replace(ending, policy_hash=policy.hash, read=answered)


def _must_read(change: EventChange) -> bool:
    """Return whether the message exists to read the event once more, so that no earlier read answers it."""
    return change.source is Source.VERIFY or change.not_found > 0


def _is_given_again(change: EventChange) -> bool:
    """Return whether the change is certain to be read again if its process dies now, or if its read fails.

    A message that failed before may end in the poison queue, and a copy of it might succeed. Messages from
    other sources than a notification may end without a decision that counts for notifications.
    """
    return change.source is Source.NOTIFICATION and not (
        change.attempt or change.errors or change.returns or change.not_found
    )


def answers_copies(ending: Ending) -> bool:
    """Return whether the read behind an ending also answers copies of its message.

    It does not if another message decides, or if this one is retried.
    """
    if ending.outcome is Outcome.SUPERSEDED:
        return False
    return ending.next_message is None or ending.reason is Reason.AWAITING_JOIN_LINK
