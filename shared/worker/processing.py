"""Processing one change: read the event, decide, and where the rules say so give it a join link.

The message says where to look, never what to find. So duplicates, reordering, echoes of our own write and
lost answers all take the same way: read the event as it is now, and compare.
"""

from dataclasses import dataclass, replace

from shared.domain.decision import Decision, Outcome, Reason, Verdict
from shared.domain.event import Event
from shared.domain.meeting import Meeting, MeetingState
from shared.domain.messages import EventChange, Source
from shared.errors import (
    EventChanged,
    Forbidden,
    GraphError,
    MailboxUnusable,
    StateChanged,
    StorageUnavailable,
    Throttled,
)
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.decide import decide
from shared.rules.facts import Facts
from shared.rules.policy import Policy, Rule
from shared.storage.counters import Counters, Full
from shared.storage.mailboxes import Mailboxes, MailboxState
from shared.storage.meetings import Meetings, Stored
from shared.worker import delays
from shared.worker.domains import TenantDomains
from shared.worker.gate import MailboxGate
from shared.worker.handled import Handled, after_trouble, later, within_a_day
from shared.worker.policies import Policies
from shared.worker.providers import choose_provider
from shared.worker.reads import RecentReads
from shared.worker.world import World

#: how often an event that moves under our hands is read and decided anew
LOOKS = 3
_PENDING = frozenset({MeetingState.ATTEMPTED, MeetingState.UNCONFIRMED})
_MARKS = {Forbidden: MailboxState.FORBIDDEN, MailboxUnusable: MailboxState.UNUSABLE}


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found: the event, what we remember of it, and the policy to hold it against."""

    change: EventChange
    event: Event
    stored: Stored
    policy: Policy


class Processor:
    """Carries one change from its message to an outcome; one instance serves all threads of a process."""

    def __init__(
        self,
        *,
        world: World,
        policies: Policies,
        domains: TenantDomains,
        meetings: Meetings,
        mailboxes: Mailboxes,
        counters: Counters,
        report_only: bool,
    ) -> None:
        self._world = world
        self._policies = policies
        self._domains = domains
        self._meetings = meetings
        self._mailboxes = mailboxes
        self._counters = counters
        self._report_only = report_only
        self._gate = MailboxGate()
        self._reads = RecentReads()

    def process(self, change: EventChange, graph: Graph) -> Handled:
        """Look at the event, act, and return what became of it. `graph` counts the calls of this message."""
        if self._is_superseded(change, change.event):
            return Handled(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE)
        policy = self._policies.current()
        if policy is None:
            wait = delays.backoff(0, self._world.uniform)
            return self._bounded(later(change, Reason.NO_VALID_RULES, wait), change)
        return self._bounded(self._through_the_gate(change, graph, policy), change)

    def _bounded(self, handled: Handled, change: EventChange) -> Handled:
        return within_a_day(handled, change, self._world.now())

    def _is_superseded(self, change: EventChange, event: str) -> bool:
        # `verify` asks for a second look on purpose.
        return change.source is not Source.VERIFY and self._reads.since(
            change.mailbox, event, change.received
        )

    def _through_the_gate(self, change: EventChange, graph: Graph, policy: Policy) -> Handled:
        if throttled := self._gate.throttled_for(change.mailbox, self._world.now()):
            return later(change, Reason.THROTTLED, delays.after_throttling(throttled, self._world.uniform))
        with self._gate.enter(change.mailbox, change.event) as admitted:
            if not admitted:
                return later(change, Reason.MAILBOX_BUSY, delays.while_busy(self._world.uniform))
            try:
                return self._look(change, graph, policy)
            except (GraphError, StorageUnavailable) as error:
                self._take_note(error, change.mailbox)
                return after_trouble(error, change, self._world.uniform)

    def _take_note(self, error: GraphError | StorageUnavailable, mailbox: str) -> None:
        if isinstance(error, Throttled):
            self._gate.close(mailbox, self._world.now() + error.retry_after)
        elif isinstance(error, Forbidden | MailboxUnusable):
            self._mailboxes.mark(mailbox, _MARKS[type(error)], why=error.code, at=self._world.now())

    def _look(self, change: EventChange, graph: Graph, policy: Policy) -> Handled:
        for _ in range(LOOKS):
            try:
                return self._look_once(change, graph, policy)
            except (EventChanged, StateChanged):
                continue
        wait = delays.backoff(change.attempt, self._world.uniform)
        return later(change, Reason.CHANGED_MEANWHILE, wait, failed=True)

    def _look_once(self, change: EventChange, graph: Graph, policy: Policy) -> Handled:
        started = self._world.now()
        event = graph.event(change.mailbox, change.event, with_body=policy.look_in_body)
        if event.master is not None:
            if self._is_superseded(change, event.master):
                return Handled(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE)
            event = graph.event(change.mailbox, event.master, with_body=policy.look_in_body)
        # Only the organizer's copy is ever written, so only of that is anything remembered.
        stored = self._meetings.read(change.mailbox, event.id) if event.is_organizer else Stored()
        handled = self._judge(Found(change, event, stored, policy), graph)
        if handled.again is None or handled.reason is Reason.AWAITING_JOIN_LINK:
            for name in {change.event, event.id}:
                self._reads.note(change.mailbox, name, started)
        return replace(handled, policy_hash=policy.hash)

    def _judge(self, found: Found, graph: Graph) -> Handled:
        meeting = found.stored.meeting
        if meeting and meeting.state in _PENDING and found.event.is_online_meeting:
            return self._settle_pending(found, meeting)
        if meeting and meeting.state is MeetingState.UNCONFIRMED:
            return self._await_link(found, meeting)
        if found.change.source is Source.VERIFY:
            return Handled(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE)
        domains = self._domains.current() if found.policy.needs_tenant_domains else None
        decision = decide(
            found.event, found.policy, Facts(meeting=meeting, tenant_domains=domains), self._world.now()
        )
        return replace(self._carry_out(decision, found, graph), decision=decision)

    def _carry_out(self, decision: Decision, found: Found, graph: Graph) -> Handled:
        match decision.verdict:
            case Verdict.RETRY:
                wait = delays.backoff(found.change.attempt, self._world.uniform)
                return later(found.change, decision.reason, wait, failed=True)
            case Verdict.WOULD_ENABLE:
                return Handled(
                    outcome=Outcome.WOULD_ENABLE, reason=decision.reason, rule=decision.projected_rule
                )
            case Verdict.ENABLE if self._report_only:
                return Handled(outcome=Outcome.WOULD_ENABLE, reason=Reason.BRAKE, rule=decision.rule)
            case Verdict.ENABLE if decision.rule is not None:
                return self._enable(found.policy.rule(decision.rule), found, graph)
        if decision.reason is Reason.ALREADY_ONLINE:
            self._remember_online(found)
        return Handled(outcome=Outcome.SKIPPED, reason=decision.reason, rule=decision.rule)

    def _remember_online(self, found: Found) -> None:
        """Note an event that is online without our doing: if the link goes, a person took it away."""
        meeting = found.stored.meeting
        if found.event.is_organizer and (meeting is None or not meeting.had_link):
            self._remember(found, MeetingState.SEEN_ONLINE)

    def _enable(self, rule: Rule, found: Found, graph: Graph) -> Handled:
        mailbox, event, meeting = found.change.mailbox, found.event, found.stored.meeting
        now = self._world.now()
        # An attempt whose end is not known was charged when it was made.
        fresh = meeting is None or meeting.state is not MeetingState.ATTEMPTED
        full = self._counters.charge(rule.id, mailbox, rule.limits, now) if fresh else None
        if full:
            return _limit_reached(rule, full)
        provider = choose_provider(graph.calendar_of(mailbox, event.id), rule.provider_fallback)
        if isinstance(provider, Reason):
            if fresh:
                self._counters.refund(rule.id, mailbox, rule.limits, now)
            return Handled(outcome=Outcome.SKIPPED, reason=provider, rule=rule.id)
        attempt = self._remember(found, MeetingState.ATTEMPTED, rule=rule.id, provider=provider)
        answer = graph.enable_online_meeting(mailbox, event, provider)
        return self._after_patch(replace(found, event=answer, stored=attempt), rule.id, provider)

    def _after_patch(self, found: Found, rule: str, provider: str) -> Handled:
        """Believe what the answer shows: a 200 alone proves nothing."""
        event = found.event
        if not (event.is_online_meeting and event.join_url):
            self._remember(found, MeetingState.UNCONFIRMED, rule=rule, provider=provider)
            return self._verify_later(found.change, rule, provider)
        if event.online_meeting_provider != provider:
            self._remember(found, MeetingState.SEEN_ONLINE, rule=rule, provider=event.online_meeting_provider)
            return Handled(
                outcome=Outcome.NOT_HONORED,
                reason=Reason.OTHER_PROVIDER,
                rule=rule,
                provider=event.online_meeting_provider,
            )
        self._remember(found, MeetingState.ENABLED, rule=rule, provider=provider)
        return Handled(outcome=Outcome.ENABLED, reason=Reason.LINK_ADDED, rule=rule, provider=provider)

    def _settle_pending(self, found: Found, meeting: Meeting) -> Handled:
        """An attempt whose answer we lost: the event is online now, so it took effect."""
        rule, provider = meeting.rule, meeting.provider
        if found.event.join_url:
            self._remember(found, MeetingState.ENABLED, rule=rule, provider=provider)
            return Handled(
                outcome=Outcome.ENABLED, reason=Reason.LINK_CONFIRMED, rule=rule, provider=provider
            )
        if meeting.state is MeetingState.UNCONFIRMED:
            return self._await_link(found, meeting)
        self._remember(found, MeetingState.UNCONFIRMED, rule=rule, provider=provider)
        return self._verify_later(found.change, rule, provider)

    def _await_link(self, found: Found, meeting: Meeting) -> Handled:
        """End the wait for a link when its minute is over; until then the `verify` message is on its way."""
        waited = self._world.now() - meeting.at
        if found.change.source is not Source.VERIFY and waited < delays.VERIFY_AFTER:
            return Handled(outcome=Outcome.DELAYED, reason=Reason.AWAITING_JOIN_LINK, rule=meeting.rule)
        self._remember(
            found,
            MeetingState.NOT_HONORED,
            rule=meeting.rule,
            provider=meeting.provider,
            attempts=meeting.attempts + 1,
        )
        return Handled(
            outcome=Outcome.NOT_HONORED,
            reason=Reason.NO_JOIN_LINK,
            rule=meeting.rule,
            provider=meeting.provider,
        )

    def _verify_later(self, change: EventChange, rule: str, provider: str) -> Handled:
        again = replace(change, source=Source.VERIFY, received=self._world.now(), attempt=0)
        handled = later(again, Reason.AWAITING_JOIN_LINK, delays.VERIFY_AFTER)
        return replace(handled, rule=rule, provider=provider)

    def _remember(
        self,
        found: Found,
        state: MeetingState,
        *,
        rule: str = "",
        provider: str = "",
        attempts: int | None = None,
    ) -> Stored:
        before = found.stored.meeting
        meeting = Meeting(
            state=state,
            at=self._world.now(),
            attempts=attempts if attempts is not None else before.attempts if before else 0,
            provider=provider,
            rule=rule,
            policy_hash=found.policy.hash,
        )
        return self._meetings.write(found.change.mailbox, found.event.id, meeting, after=found.stored)


def _limit_reached(rule: Rule, full: Full) -> Handled:
    """Leave the event as in report mode; say it aloud once for the window, in the whole tenant."""
    if full.first:
        logger().warning("rule.limit_reached", rule=rule.id, window=full.window, limit=full.most)
    return Handled(outcome=Outcome.SKIPPED, reason=Reason.LIMIT_REACHED, rule=rule.id)
