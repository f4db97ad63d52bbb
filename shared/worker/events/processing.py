"""Processing one change: read the event, decide, and have done what the rules want.

The message says where to look, never what to find. So duplicates, reordering, echoes of our own write and
lost answers all take the same way: read the event as it is now, and compare.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.attempt import SETTLED
from shared.domain.decision import Decision, Outcome, Reason, Verdict
from shared.domain.meeting import UNSETTLED, MeetingState
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
)
from shared.graph.client import Graph
from shared.rules.decide import decide
from shared.rules.facts import Facts
from shared.rules.guards import guard_against
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
from shared.worker.events.attempts import Attempts
from shared.worker.events.directory_cache import DirectoryCache
from shared.worker.events.enabling import Enabler
from shared.worker.events.event_read import EventRead
from shared.worker.events.gate import MailboxGate
from shared.worker.events.memory_check import MemoryCheck
from shared.worker.events.recent_reads import RecentReads, earliest_start
from shared.worker.events.scope_check import ScopeCheck
from shared.worker.events.suspected_mailboxes import SuspectedMailboxes

#: how often an event that moves under our hands is read and decided anew
LOOKS = 3


class Processor:
    """Carries one change from its message to an outcome; one instance serves all threads of a process."""

    def __init__(
        self,
        *,
        world: World,
        policies: PolicyReloader,
        directory: DirectoryCache,
        meetings: Meetings,
        mailboxes: Mailboxes,
        enabler: Enabler,
        attempts: Attempts,
        memory: MemoryCheck,
        report_only: bool,
    ) -> None:
        self._world = world
        self._policies = policies
        self._directory = directory
        self._meetings = meetings
        self._mailboxes = mailboxes
        self._enabler = enabler
        self._attempts = attempts
        self._memory = memory
        self._report_only = report_only
        self._watched = ScopeCheck(mailboxes)
        self._gate = MailboxGate()
        self._reads = RecentReads()
        self._suspected = SuspectedMailboxes(mailboxes)

    def process(self, change: EventChange, graph: Graph, taken: datetime | None = None) -> Ending:
        """Look at the event, act, and return what became of it. `graph` counts the calls of this message.

        `taken` is when the host took the message, by the queue service's time, so before any read for it.
        """
        if self._is_superseded(change, change.event):
            return Ending(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE)
        policy = self._policies.current()
        if policy is None:
            return wait_for_rules(change, self._world.uniform)
        if throttled := self._gate.throttled_for(change.mailbox, self._world.now()):
            wait = delays.after_throttling(throttled, 0, self._world.uniform)
            return retry_later(change, Reason.THROTTLED, wait)
        with self._gate.enter(change.mailbox, change.event) as admitted:
            if not admitted:
                return retry_later(change, Reason.MAILBOX_BUSY, delays.while_busy(self._world.uniform))
            # A copy may have been answered while we stood at the gate.
            if self._is_superseded(change, change.event):
                return Ending(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE)
            started = self._world.now()
            ending = self._look(change, graph, policy)
            if ending.read:
                after = (
                    ending.read.after
                    or taken
                    or earliest_start(graph.tally.date, self._world.now() - started)
                )
                self._reads.note(change.mailbox, ending.read, after)
            return ending

    def forget(self, change: EventChange, ending: Ending) -> None:
        """Forget what was read for a message that the host will give again: then it is looked at anew."""
        if ending.read:
            self._reads.forget(change.mailbox, ending.read)

    def _is_superseded(self, change: EventChange, event: str) -> bool:
        # A second look at a link, or for an event that was not found, is made on purpose.
        if change.source is Source.VERIFY or change.not_found:
            return False
        return self._reads.since(change.mailbox, event, change.queued)

    def _look(self, change: EventChange, graph: Graph, policy: Policy) -> Ending:
        started = self._world.now()
        try:
            if not self._watched.is_in_scope(change, policy, started):
                return Ending(outcome=Outcome.SKIPPED, reason=Reason.NOT_IN_SCOPE, policy_hash=policy.hash)
            ending = self._look_until_it_stands_still(change, graph, policy)
        except TableMissing:
            return Ending(outcome=Outcome.WOULD_ENABLE, reason=Reason.MEMORY_MISSING, policy_hash=policy.hash)
        except (GraphError, StorageUnavailable, OutOfTime) as error:
            ending = ending_for_error(self._noted(error, change.mailbox), change, self._world.uniform)
        else:
            self._gate.reopen(change.mailbox, self._world.now())
            self._suspected.clear(change.mailbox)
            return ending
        # One search goes on for all copies of the message.
        searched = ending.reason in {Reason.NOT_FOUND_YET, Reason.NOT_FOUND}
        return replace(ending, read=AnsweredRead(frozenset({change.event})) if searched else None)

    def _noted(self, error: JoinlinkError, mailbox: str) -> JoinlinkError:
        """Note what an error says of the mailbox; return the error to act on."""
        if isinstance(error, Throttled):
            self._gate.close(mailbox, self._world.now(), error.retry_after)
        noted = record_refusal(error, mailbox, self._mailboxes, self._world.now(), by_task=False)
        if isinstance(noted, SecondLook):
            self._suspected.add(mailbox)
        return noted

    def _look_until_it_stands_still(self, change: EventChange, graph: Graph, policy: Policy) -> Ending:
        lost = 0
        for _ in range(LOOKS):
            try:
                return self._look_once(change, graph, policy)
            except (EventChanged, StateChanged):
                continue
            except GraphUnavailable:
                # The answer to a write may be lost: the event itself tells, at once.
                lost += 1
                if lost > 1 or not graph.tally.writes:
                    raise
        return retry_with_backoff(change, Reason.CHANGED_MEANWHILE, self._world.uniform)

    def _look_once(self, change: EventChange, graph: Graph, policy: Policy) -> Ending:
        started = self._world.now()
        event = graph.event(change.mailbox, change.event, with_body=policy.look_in_body)
        names = frozenset({change.event, event.id})
        if event.master is not None:
            if self._is_superseded(change, event.master):
                # The series was read for another message, perhaps before a change that comes after this one.
                read = AnsweredRead(names, self._reads.last(change.mailbox, event.master))
                return Ending(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE, read=read)
            event = graph.event(change.mailbox, event.master, with_body=policy.look_in_body)
        # Only the organizer's copy is ever written, so only of that is anything remembered.
        stored = self._meetings.read(change.mailbox, event.id) if event.is_organizer else StoredMeeting()
        reading = max(self._world.now() - started, timedelta(0))
        age = max(stored.age - reading, timedelta(0))
        ending = self._judge(EventRead(change, event, stored, policy, age), graph)
        # What is left to other messages is no answer to them.
        is_left = ending.outcome is Outcome.SUPERSEDED
        is_answered = not is_left and (
            ending.next_message is None or ending.reason is Reason.AWAITING_JOIN_LINK
        )
        answered = AnsweredRead(names | {event.id}) if is_answered else None
        return replace(ending, policy_hash=policy.hash, read=answered)

    def _judge(self, found: EventRead, graph: Graph) -> Ending:
        if found.stored.is_unreadable:
            return self._attempts.leave_alone(found)
        meeting = found.stored.meeting
        if meeting and meeting.state is MeetingState.ATTEMPTED:
            reviewed = self._attempts.review(found)
            if isinstance(reviewed, Ending):
                return reviewed
            found = reviewed
            meeting = found.stored.meeting
        if meeting and meeting.state in UNSETTLED and found.event.is_online_meeting:
            return self._enabler.settle(found, meeting)
        if meeting and meeting.was_online and not found.event.is_online_meeting and found.age < SETTLED:
            # A read may be a minute behind, and only a second one proves that a person removed the link.
            return retry_later(found.change, Reason.SECOND_LOOK, SETTLED - found.age)
        return self._decide(found, graph)

    def _decide(self, found: EventRead, graph: Graph) -> Ending:
        meeting, now, policy = found.stored.meeting, self._world.now(), found.policy
        facts = Facts(meeting=meeting)
        # Where a guard decides, nothing needs to be asked of the directory.
        if guard_against(found.event, policy, facts, now) is None:
            facts = self._directory.facts(policy, meeting)
        decision = self._held_back(decide(found.event, policy, facts, now))
        ending = self._carry_out(decision, found, graph)
        # A rule over its limit acts as in report mode: the rules after it may still enable, or wait for data.
        while ending.reason is Reason.LIMIT_REACHED and ending.rule:
            policy = policy.with_report_mode(ending.rule)
            then = decide(found.event, policy, facts, now)
            if then.verdict not in {Verdict.ENABLE, Verdict.RETRY}:
                break
            ending = self._carry_out(then, found, graph)
        return replace(ending, decision=decision)

    def _held_back(self, decision: Decision) -> Decision:
        """Return what is decided while nothing may be written."""
        if decision.verdict is not Verdict.ENABLE:
            return decision
        if self._report_only:
            return decision.under_brake()
        return decision if self._memory.is_whole() else decision.under_brake(Reason.MEMORY_MISSING)

    def _carry_out(self, decision: Decision, found: EventRead, graph: Graph) -> Ending:
        match decision.verdict:
            case Verdict.RETRY:
                waits = retry_with_backoff(found.change, decision.reason, self._world.uniform)
                return replace(waits, rule=decision.rule)
            case Verdict.WOULD_ENABLE:
                return Ending(outcome=Outcome.WOULD_ENABLE, reason=decision.reason, rule=decision.rule)
            case Verdict.ENABLE if self._watched.was_let_go(found.change.mailbox):
                return Ending(outcome=Outcome.SKIPPED, reason=Reason.NOT_IN_SCOPE)
            case Verdict.ENABLE if decision.rule is not None:
                return self._enabler.enable(found.policy.rule(decision.rule), found, graph)
        if decision.reason is Reason.ALREADY_ONLINE:
            self._enabler.remember_online(found)
        return Ending(outcome=Outcome.SKIPPED, reason=decision.reason, rule=decision.rule)
