"""Confirms that an event has its join link, and records what reads and answers show.

After a PATCH the row of the event is `enabled` if the answer shows the link. Else it is `link_pending` or
`unconfirmed`, until a second read a minute later.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared.domain.decision import Outcome, Reason
from shared.domain.ending import last_end
from shared.domain.meeting import AWAITING_LINK, Meeting, MeetingState
from shared.domain.messages import Source
from shared.errors import TableMissing
from shared.storage.held_event_index import HeldEventIndex
from shared.storage.meetings import Meetings
from shared.worker.common import delays
from shared.worker.common.ending import Ending, retry_later
from shared.worker.common.world import World
from shared.worker.events.attempt_review import AttemptReview
from shared.worker.events.event_read import EventRead

#: The age of a row is exact to a second, and the time to read the event is subtracted from it.
_AGE_TOLERANCE = timedelta(seconds=5)


class LinkConfirmation:
    """Confirms join links. Every method may raise StateChanged (read again) or StorageUnavailable."""

    def __init__(
        self, *, world: World, meetings: Meetings, held: HeldEventIndex, review: AttemptReview
    ) -> None:
        self._world = world
        self._meetings = meetings
        self._held = held
        self._review = review

    def confirm_answer(self, answered: EventRead, rule: str, provider: str) -> Ending:
        """Record what the answer to a PATCH shows. Without a link, send a message that reads again."""
        event = answered.event
        if event.is_online_meeting and event.join_url:
            return self._record_link(answered, rule, provider, Reason.LINK_ADDED)
        state = MeetingState.LINK_PENDING if event.is_online_meeting else MeetingState.UNCONFIRMED
        self._record(answered, state, rule=rule, provider=provider)
        return self._verify_later(answered, rule, provider)

    def confirm_online(self, read: EventRead, meeting: Meeting) -> Ending:
        """Record that an event is online whose write was not settled; wait for its link if it has none."""
        if read.event.join_url:
            ending = self._record_link(read, meeting.rule, meeting.provider, Reason.LINK_CONFIRMED)
        elif meeting.state in AWAITING_LINK:
            return self.await_link(read, meeting)
        else:
            self._record(read, MeetingState.LINK_PENDING, rule=meeting.rule, provider=meeting.provider)
            ending = self._verify_later(read, meeting.rule, meeting.provider)
        if meeting.state is MeetingState.WRITE_UNKNOWN:
            self._held.remove(read.change.mailbox, read.event.id)
        return ending

    def await_link(self, read: EventRead, meeting: Meeting) -> Ending:
        """Read again until the minute for the link is over, then record that there is none.

        Usually a `verify` message is already on its way, unless its sender stopped. A second does no harm.
        """
        # By the row's age, the `verify` message may be a little early. It may also be for an earlier write.
        tolerance = _AGE_TOLERANCE if read.change.source is Source.VERIFY else timedelta(0)
        if read.age < delays.VERIFY_DELAY - tolerance:
            return self._verify_later(read, meeting.rule, meeting.provider)
        if meeting.state is MeetingState.UNCONFIRMED and read.event.etag != meeting.etag:
            # It may have had the link and lost it again.
            return self._review.confirm_change(read)
        return self._record_no_link(read, meeting)

    def record_online(self, read: EventRead) -> None:
        """Record that an event is online without a write of ours: if its link goes, a person removed it."""
        meeting = read.stored.meeting
        if read.event.is_organizer and (meeting is None or not meeting.was_online):
            with suppress(TableMissing):  # then nothing is written either
                self._record(read, MeetingState.SEEN_ONLINE)

    def _record_link(self, read: EventRead, rule: str, provider: str, reason: Reason) -> Ending:
        """Record a join link; it is ours only if it is of the requested provider."""
        shown = read.event.online_meeting_provider
        if shown != provider:
            self._record(read, MeetingState.SEEN_ONLINE, rule=rule, provider=shown)
            return Ending(
                outcome=Outcome.NOT_HONORED, reason=Reason.OTHER_PROVIDER, rule=rule, provider=shown
            )
        self._record(read, MeetingState.ENABLED, rule=rule, provider=provider)
        return Ending(outcome=Outcome.ENABLED, reason=reason, rule=rule, provider=provider)

    def _record_no_link(self, read: EventRead, meeting: Meeting) -> Ending:
        rule, provider = meeting.rule, meeting.provider
        # An event that is online without a link is not written again; if it goes offline, a person did that.
        state = MeetingState.SEEN_ONLINE if read.event.is_online_meeting else MeetingState.NOT_HONORED
        self._record(read, state, rule=rule, provider=provider, attempts=meeting.attempts + 1)
        return Ending(outcome=Outcome.NOT_HONORED, reason=Reason.NO_JOIN_LINK, rule=rule, provider=provider)

    def _verify_later(self, read: EventRead, rule: str, provider: str) -> Ending:
        again = replace(
            read.change,
            event=read.event.id,
            source=Source.VERIFY,
            received=self._world.now(),
            attempt=0,
            not_found=0,
        )
        ending = retry_later(again, Reason.AWAITING_JOIN_LINK, delays.VERIFY_DELAY)
        return replace(ending, rule=rule, provider=provider)

    def _record(
        self,
        read: EventRead,
        state: MeetingState,
        *,
        rule: str = "",
        provider: str = "",
        attempts: int | None = None,
    ) -> None:
        before = read.stored.meeting
        earlier = before.attempts if before else 0
        ends = last_end(read.event)
        if before and before.ends and ends:  # not every read shows the moved occurrences of a series
            ends = max(ends, before.ends)
        meeting = Meeting(
            state=state,
            at=self._world.now(),
            event=read.event.id,
            attempts=earlier if attempts is None else attempts,
            provider=provider,
            rule=rule,
            policy_hash=read.policy.hash,
            etag=read.event.etag,
            ends=ends,
            charged=before.charged if before else (),
        )
        self._meetings.write(read.change.mailbox, read.event.id, meeting, after=read.stored)
