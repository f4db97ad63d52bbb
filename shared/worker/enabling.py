"""Giving an event its join link: once, within the rule's limit, and believed only when it is seen.

The `meetings` row goes through these states. Before the PATCH, once that is charged: `attempted`, with the
event's ETag. After the answer: `enabled`, or `link_pending`, `unconfirmed` until a second look a minute
later. A write that Graph surely refused is taken back; one whose answer was lost stays `attempted`, and the
next look tells. Wherever a process dies, a charge may stay without its write, never a write without a charge.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.decision import Outcome, Reason
from shared.domain.event import Event
from shared.domain.meeting import Meeting, MeetingState
from shared.domain.messages import EventChange, Source
from shared.errors import GraphError, StateChanged
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.policy import Policy, Rule
from shared.storage.counters import Charge, Counters
from shared.storage.meetings import Meetings, Stored
from shared.worker import delays
from shared.worker.handled import Handled, later
from shared.worker.providers import choose_provider
from shared.worker.refusals import is_refusal
from shared.worker.world import World

_AWAITED = frozenset({MeetingState.UNCONFIRMED, MeetingState.LINK_PENDING})
PENDING = _AWAITED | {MeetingState.ATTEMPTED}


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found: the event, what we remember of it, and the policy to hold it against."""

    change: EventChange
    event: Event
    stored: Stored
    policy: Policy


class Enabler:
    """Writes to events and remembers it. Every method may raise StateChanged: then look again."""

    def __init__(self, *, world: World, meetings: Meetings, counters: Counters) -> None:
        self._world = world
        self._meetings = meetings
        self._counters = counters

    def enable(self, rule: Rule, found: Found, graph: Graph) -> Handled:
        """Give the event its link, with the provider of its calendar."""
        meeting = found.stored.meeting
        if meeting and meeting.state in _AWAITED:
            return self.await_link(found, meeting)
        if found.change.source is Source.VERIFY:  # it asked for the end of an attempt, and that is known
            return Handled(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE)
        provider = choose_provider(
            graph.calendar_of(found.change.mailbox, found.event.id), rule.provider_fallback
        )
        if isinstance(provider, Reason):
            return Handled(outcome=Outcome.SKIPPED, reason=provider, rule=rule.id)
        charge = _charge(rule, found, self._world.now())
        if self._is_full(charge):
            return Handled(outcome=Outcome.SKIPPED, reason=Reason.LIMIT_REACHED, rule=rule.id)
        return self._write(charge, provider, found, graph)

    def settle(self, found: Found, meeting: Meeting) -> Handled:
        """The event of a pending attempt is online: believe what it shows, or wait for its link."""
        if found.event.join_url:
            return self._believe(found, meeting.rule, meeting.provider, Reason.LINK_CONFIRMED)
        if meeting.state in _AWAITED:
            return self.await_link(found, meeting)
        self._remember(found, MeetingState.LINK_PENDING, rule=meeting.rule, provider=meeting.provider)
        return self._verify_later(found, meeting.rule, meeting.provider)

    def await_link(self, found: Found, meeting: Meeting) -> Handled:
        """End the wait for a link when its minute is over, and look once more then.

        A `verify` message is on its way, unless whoever should have sent it died; one too many does no harm.
        """
        rule, provider = meeting.rule, meeting.provider
        waited = self._world.now() - meeting.at
        if found.change.source is not Source.VERIFY and waited < delays.VERIFY_AFTER:
            return self._verify_later(found, rule, provider)
        self._remember(
            found, MeetingState.NOT_HONORED, rule=rule, provider=provider, attempts=meeting.attempts + 1
        )
        return Handled(outcome=Outcome.NOT_HONORED, reason=Reason.NO_JOIN_LINK, rule=rule, provider=provider)

    def remember_online(self, found: Found) -> None:
        """Note an event that is online without our doing: if the link goes, a person took it away."""
        meeting = found.stored.meeting
        if found.event.is_organizer and (meeting is None or not meeting.was_online):
            self._remember(found, MeetingState.SEEN_ONLINE)

    def _is_full(self, charge: Charge) -> bool:
        """Charge a write, unless a limit is full."""
        full = self._counters.charge(charge)
        if full and full.first:
            logger().warning("rule.limit_reached", rule=charge.rule, window=full.window, limit=full.most)
        return full is not None

    def _write(self, charge: Charge, provider: str, found: Found, graph: Graph) -> Handled:
        rule, attempt = charge.rule, self._begin(charge, provider, found)
        try:
            event = graph.enable_online_meeting(charge.mailbox, found.event, provider)
        except GraphError as error:
            if is_refusal(error):
                self._take_back(found, attempt)
                self._counters.refund(charge)
            raise
        answered = replace(found, event=event, stored=attempt)
        if event.is_online_meeting and event.join_url:
            return self._believe(answered, rule, provider, Reason.LINK_ADDED)
        state = MeetingState.LINK_PENDING if event.is_online_meeting else MeetingState.UNCONFIRMED
        self._remember(answered, state, rule=rule, provider=provider)
        return self._verify_later(answered, rule, provider)

    def _begin(self, charge: Charge, provider: str, found: Found) -> Stored:
        """Remember an attempt that is charged: whoever finds the row may rely on that."""
        try:
            return self._remember(
                found, MeetingState.ATTEMPTED, rule=charge.rule, provider=provider, at=charge.at
            )
        except StateChanged:  # another instance is at this event
            self._counters.refund(charge)
            raise

    def _take_back(self, found: Found, attempt: Stored) -> None:
        mailbox, event = found.change.mailbox, found.event.id
        if found.stored.meeting is None:
            self._meetings.forget(mailbox, event, after=attempt)
        else:
            self._meetings.write(mailbox, event, found.stored.meeting, after=attempt)

    def _believe(self, found: Found, rule: str, provider: str, reason: Reason) -> Handled:
        """The event has a join link; ours only if it is the provider's that we asked for."""
        shown = found.event.online_meeting_provider
        if shown != provider:
            self._remember(found, MeetingState.SEEN_ONLINE, rule=rule, provider=shown)
            return Handled(
                outcome=Outcome.NOT_HONORED, reason=Reason.OTHER_PROVIDER, rule=rule, provider=shown
            )
        self._remember(found, MeetingState.ENABLED, rule=rule, provider=provider)
        return Handled(outcome=Outcome.ENABLED, reason=reason, rule=rule, provider=provider)

    def _verify_later(self, found: Found, rule: str, provider: str) -> Handled:
        again = replace(
            found.change,
            event=found.event.id,
            source=Source.VERIFY,
            received=self._world.now(),
            attempt=0,
            not_found=0,
        )
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
        at: datetime | None = None,
    ) -> Stored:
        before = found.stored.meeting
        meeting = Meeting(
            state=state,
            at=at or self._world.now(),
            attempts=attempts if attempts is not None else before.attempts if before else 0,
            provider=provider,
            rule=rule,
            policy_hash=found.policy.hash,
            etag=found.event.etag,
        )
        return self._meetings.write(found.change.mailbox, found.event.id, meeting, after=found.stored)


def _charge(rule: Rule, found: Found, now: datetime) -> Charge:
    """Return what a write costs now; an attempt whose end is not known was charged when it was made.

    Made under other rules it may have paid for less. In doubt, one link too few is better than one too many.
    """
    attempt, same = found.stored.meeting, (MeetingState.ATTEMPTED, rule.id, found.policy.hash)
    is_paid = attempt is not None and (attempt.state, attempt.rule, attempt.policy_hash) == same
    return Charge(
        rule=rule.id,
        mailbox=found.change.mailbox,
        limits=rule.limits,
        at=now,
        paid_at=attempt.at if attempt and is_paid else None,
    )
