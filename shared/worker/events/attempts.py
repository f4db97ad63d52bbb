"""Records attempts to write: before the PATCH, until its effect is known.

The row in `meetings` is also the lease: only the instance that wrote it may send the PATCH. A roll-back
restores the row first and refunds the charge second. If the process stops in between, a charge remains
without a write, never a write without a charge.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared.domain.attempt import without_attempt
from shared.domain.ending import last_end
from shared.domain.meeting import BEFORE_ATTEMPT, PENDING, Meeting, MeetingState
from shared.errors import JoinlinkError, OutOfTime, StateChanged, StorageUnavailable, TableMissing
from shared.logs import logger
from shared.storage.counters import Charge, Counters
from shared.storage.meetings import Meetings, StoredMeeting
from shared.worker.common.world import World
from shared.worker.events.event_read import EventRead
from shared.worker.events.patch_errors import proves_no_effect, recorded_answer

_MAX_DETAIL = 300


class Attempts:
    """Records attempts. Every method may raise StateChanged (read the event again) or StorageUnavailable."""

    def __init__(self, *, world: World, meetings: Meetings, counters: Counters) -> None:
        self._world = world
        self._meetings = meetings
        self._counters = counters

    def begin(self, read: EventRead, charge: Charge, provider: str) -> EventRead:
        """Record an attempt that is already charged, and take the lease on the event.

        Raises:
            StateChanged, TableMissing: the charge was refunded.
        """
        meeting = self._new_attempt(read, charge, provider)
        try:
            attempt = self.save(read, meeting)
        except (StateChanged, TableMissing):
            self._counters.refund(charge.rule, meeting.charged)
            raise
        if meeting.before == MeetingState.RELEASED:
            logger().warning(
                "event.released",
                mailbox=read.change.mailbox,
                event_id=read.event.id,
                trace=read.change.trace,
            )
        return attempt

    def end_with_error(self, attempt: EventRead, error: JoinlinkError) -> None:
        """Roll the attempt back if the error proves that it had no effect, else record the error.

        Recording is best effort: the caller has an error to report, and the lease expires by itself.
        """
        if proves_no_effect(error):
            self.roll_back(attempt)
            return
        detail = str(error)[:_MAX_DETAIL]
        meeting = replace(attempt.attempt, lease="", answer=recorded_answer(error), detail=detail)
        with suppress(StateChanged, StorageUnavailable, OutOfTime):
            self.save(attempt, meeting)

    def roll_back(self, read: EventRead) -> EventRead:
        """Remove an attempt that had no effect, then refund its charge; return the read without it."""
        attempt = read.attempt
        before = without_attempt(attempt, self._world.now())
        without = self.save(read, before) if before else self._delete(read)
        self._counters.refund(attempt.rule, attempt.charged)
        return without

    def save_later_end(self, read: EventRead) -> EventRead:
        """Save that the event ends later than its row says, or has an end now: the row is kept until then.

        Raises:
            StateChanged: another instance changed the row.
        """
        meeting, ends = read.stored.meeting, last_end(read.event)
        if meeting is None or meeting.state in PENDING or meeting.ends == ends:
            return read
        if meeting.ends and ends and ends < meeting.ends:  # it may be moved back
            return read
        return self.save(read, replace(meeting, ends=ends))

    def save(self, read: EventRead, meeting: Meeting) -> EventRead:
        """Replace the row of the event; return the read with the new row."""
        stored = self._meetings.write(read.change.mailbox, read.event.id, meeting, after=read.stored)
        return replace(read, stored=stored, age=timedelta(0))

    def _new_attempt(self, read: EventRead, charge: Charge, provider: str) -> Meeting:
        before = read.stored.meeting
        return Meeting(
            state=MeetingState.ATTEMPTED,
            at=self._world.now(),
            event=read.event.id,
            attempts=before.attempts if before else 0,
            provider=provider,
            rule=charge.rule,
            policy_hash=read.policy.hash,
            etag=read.event.etag,
            ends=last_end(read.event),
            lease=self._world.new_id(),
            charged=tuple(window for window, _limit in charge.windows),
            before=before.state if before and before.state in BEFORE_ATTEMPT else "",
        )

    def _delete(self, read: EventRead) -> EventRead:
        self._meetings.delete(read.change.mailbox, read.event.id, after=read.stored)
        return replace(read, stored=StoredMeeting())
