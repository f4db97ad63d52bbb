"""Giving an event its join link: once, within the rule's limit, and believed only when it is seen.

The `meetings` row goes through these states. Before the PATCH, once that is charged: `attempted`, with the
event's ETag and a lease. After the answer: `enabled`, or `link_pending`, `unconfirmed` until a second read a
minute later. A write without an answer that proves something stays `attempted`, and later reads tell what
became of it (`shared.worker.events.attempts`).
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared.domain.decision import Outcome, Reason
from shared.domain.ending import last_end
from shared.domain.meeting import AWAITING_LINK, Meeting, MeetingState
from shared.domain.messages import Source
from shared.errors import (
    EventNotFound,
    Forbidden,
    JoinlinkError,
    MailboxUnusable,
    TableMissing,
    UnexpectedAnswer,
)
from shared.graph.client import Graph
from shared.logs import logger
from shared.rules.policy import Rule
from shared.storage.counters import Charge, Counters, LimitReached
from shared.storage.held_event_index import HeldEventIndex
from shared.storage.meetings import Meetings
from shared.worker.common import delays
from shared.worker.common.ending import Ending, retry_later, retry_with_backoff
from shared.worker.common.world import World
from shared.worker.events.attempts import Attempts
from shared.worker.events.event_read import EventRead
from shared.worker.events.providers import choose_provider

#: The age of a row is known to a second, and reading the event takes time off it.
_EARLY = timedelta(seconds=5)
#: what ends a message that reads an event, and does not where it is the answer to a PATCH that was sent
_PROVES_NOTHING = (Forbidden, MailboxUnusable, EventNotFound, UnexpectedAnswer)


class Enabler:
    """Writes to events and remembers it. Every method may raise StateChanged: then read again."""

    def __init__(
        self,
        *,
        world: World,
        meetings: Meetings,
        held: HeldEventIndex,
        counters: Counters,
        attempts: Attempts,
    ) -> None:
        self._world = world
        self._meetings = meetings
        self._held = held
        self._counters = counters
        self._attempts = attempts

    def enable(self, rule: Rule, found: EventRead, graph: Graph) -> Ending:
        """Give the event its link, with the provider of its calendar."""
        meeting = found.stored.meeting
        if meeting and meeting.state in AWAITING_LINK:
            return self.await_link(found, meeting)
        if not _is_sound(found.event.etag):
            detail = "the event came without an ETag that a write could name"
            return retry_with_backoff(
                found.change, Reason.GRAPH_UNAVAILABLE, self._world.uniform, detail=detail
            )
        if found.change.source is Source.VERIFY:  # it asked for the end of an attempt, and that is known
            return Ending(outcome=Outcome.SUPERSEDED, reason=Reason.READ_SINCE)
        provider = choose_provider(
            graph.calendar_of(found.change.mailbox, found.event.id), rule.provider_fallback
        )
        if isinstance(provider, Reason):
            return Ending(outcome=Outcome.SKIPPED, reason=provider, rule=rule.id)
        charge = Charge(rule=rule.id, mailbox=found.change.mailbox, limits=rule.limits, at=self._world.now())
        if full := self._counters.charge(charge):
            return _refused(charge, full)
        return self._write(charge, provider, found, graph)

    def settle(self, found: EventRead, meeting: Meeting) -> Ending:
        """The event of a pending attempt is online: believe what it shows, or wait for its link."""
        if found.event.join_url:
            ending = self._believe(found, meeting.rule, meeting.provider, Reason.LINK_CONFIRMED)
        elif meeting.state in AWAITING_LINK:
            return self.await_link(found, meeting)
        else:
            self._remember(found, MeetingState.LINK_PENDING, rule=meeting.rule, provider=meeting.provider)
            ending = self._verify_later(found, meeting.rule, meeting.provider)
        if meeting.state is MeetingState.WRITE_UNKNOWN:
            self._held.remove(found.change.mailbox, found.event.id)
        return ending

    def await_link(self, found: EventRead, meeting: Meeting) -> Ending:
        """End the wait for a link when its minute is over, and look once more then.

        A `verify` message is on its way, unless whoever should have sent it died; one too many does no harm.
        """
        rule, provider = meeting.rule, meeting.provider
        # The look that was asked for may come a little early by the row's age, or be for an earlier write.
        early = _EARLY if found.change.source is Source.VERIFY else timedelta(0)
        if found.age < delays.VERIFY_DELAY - early:
            return self._verify_later(found, rule, provider)
        if meeting.state is MeetingState.UNCONFIRMED and found.event.etag != meeting.etag:
            return self._attempts.doubt(found)  # it may have had the link, and lost it again
        # Online without its link, it is not written again; if it goes offline, a person did that.
        state = MeetingState.SEEN_ONLINE if found.event.is_online_meeting else MeetingState.NOT_HONORED
        self._remember(found, state, rule=rule, provider=provider, attempts=meeting.attempts + 1)
        return Ending(outcome=Outcome.NOT_HONORED, reason=Reason.NO_JOIN_LINK, rule=rule, provider=provider)

    def remember_online(self, found: EventRead) -> None:
        """Note an event that is online without our doing: if the link goes, a person took it away."""
        meeting = found.stored.meeting
        if found.event.is_organizer and (meeting is None or not meeting.was_online):
            with suppress(TableMissing):  # then nothing is written either
                self._remember(found, MeetingState.SEEN_ONLINE)

    def _write(self, charge: Charge, provider: str, found: EventRead, graph: Graph) -> Ending:
        rule, attempt = charge.rule, self._attempts.begin(found, charge, provider)
        try:
            event = graph.enable_online_meeting(charge.mailbox, found.event, provider)
        except JoinlinkError as error:
            self._attempts.end_without_answer(attempt, error)
            if isinstance(error, _PROVES_NOTHING):
                waits = retry_later(
                    found.change, Reason.WRITE_UNCONFIRMED, delays.SETTLED_DELAY, detail=str(error)
                )
                return replace(waits, rule=rule, provider=provider)
            raise
        answered = replace(attempt, event=event)
        if event.is_online_meeting and event.join_url:
            return self._believe(answered, rule, provider, Reason.LINK_ADDED)
        state = MeetingState.LINK_PENDING if event.is_online_meeting else MeetingState.UNCONFIRMED
        self._remember(answered, state, rule=rule, provider=provider)
        return self._verify_later(answered, rule, provider)

    def _believe(self, found: EventRead, rule: str, provider: str, reason: Reason) -> Ending:
        """The event has a join link; ours only if it is the provider's that we asked for."""
        shown = found.event.online_meeting_provider
        if shown != provider:
            self._remember(found, MeetingState.SEEN_ONLINE, rule=rule, provider=shown)
            return Ending(
                outcome=Outcome.NOT_HONORED, reason=Reason.OTHER_PROVIDER, rule=rule, provider=shown
            )
        self._remember(found, MeetingState.ENABLED, rule=rule, provider=provider)
        return Ending(outcome=Outcome.ENABLED, reason=reason, rule=rule, provider=provider)

    def _verify_later(self, found: EventRead, rule: str, provider: str) -> Ending:
        again = replace(
            found.change,
            event=found.event.id,
            source=Source.VERIFY,
            received=self._world.now(),
            attempt=0,
            not_found=0,
        )
        ending = retry_later(again, Reason.AWAITING_JOIN_LINK, delays.VERIFY_DELAY)
        return replace(ending, rule=rule, provider=provider)

    def _remember(
        self,
        found: EventRead,
        state: MeetingState,
        *,
        rule: str = "",
        provider: str = "",
        attempts: int | None = None,
    ) -> None:
        before = found.stored.meeting
        meeting = Meeting(
            state=state,
            at=self._world.now(),
            event=found.event.id,
            attempts=attempts if attempts is not None else before.attempts if before else 0,
            provider=provider,
            rule=rule,
            policy_hash=found.policy.hash,
            etag=found.event.etag,
            ends=last_end(found.event),
            charged=before.charged if before else (),
        )
        self._meetings.write(found.change.mailbox, found.event.id, meeting, after=found.stored)


def _refused(charge: Charge, reached: LimitReached) -> Ending:
    """Return that a limit is full; its first refusal in a window is said aloud."""
    if reached.is_first:
        logger().warning("rule.limit_reached", rule=charge.rule, window=reached.window, limit=reached.limit)
    detail = (
        f"the counter of {reached.window} can't be read, so it counts as full"
        if reached.is_unreadable
        else ""
    )
    return Ending(outcome=Outcome.SKIPPED, reason=Reason.LIMIT_REACHED, rule=charge.rule, detail=detail)


def _is_sound(etag: str) -> bool:
    """Tell whether an ETag names one version of the event (RFC 9110, 8.8.3): Graph's are `W/"..."`."""
    return etag.removeprefix("W/").strip('"*') != "" and etag.endswith('"')
