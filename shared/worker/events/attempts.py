"""The record of a write: taken before the PATCH, kept until its effect is known, given back if it had none.

The row in `meetings` is the lease as well: who has written it may send the PATCH, and nobody else until it
is over. Row and charge are given back together, the row first: where a process dies in between, a charge
stays without its write, never a write without its charge.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from shared.domain.attempt import SECOND_READ, Effect, evidence
from shared.domain.decision import Outcome, Reason
from shared.domain.ending import last_end
from shared.domain.meeting import BEFORE_ATTEMPT, Answer, Meeting, MeetingState
from shared.errors import (
    EventChanged,
    Forbidden,
    GraphError,
    GraphUnavailable,
    JoinlinkError,
    NotConnected,
    OutOfTime,
    StateChanged,
    StorageUnavailable,
    TableMissing,
    Throttled,
    UnexpectedAnswer,
)
from shared.logs import logger
from shared.storage.counters import Charge, Counters
from shared.storage.held_event_index import HeldEventIndex
from shared.storage.meetings import Meetings, StoredMeeting
from shared.worker.common import delays
from shared.worker.common.ending import Ending, retry_hourly, retry_later, to_poison
from shared.worker.common.world import World
from shared.worker.events.event_read import EventRead

#: while another instance writes, its answer is looked for this often
_UNDER_WAY = timedelta(seconds=20)
_MOST_DETAIL = 300


class Attempts:
    """Keeps the record of writes. Every method may raise StateChanged (read again) or StorageUnavailable."""

    def __init__(self, *, world: World, meetings: Meetings, held: HeldEventIndex, counters: Counters) -> None:
        self._world = world
        self._meetings = meetings
        self._held = held
        self._counters = counters

    def begin(self, found: EventRead, charge: Charge, provider: str) -> EventRead:
        """Record an attempt that is charged, and with it take the lease on the event."""
        before = found.stored.meeting
        starts = before.state if before and before.state in BEFORE_ATTEMPT else None
        meeting = Meeting(
            state=MeetingState.ATTEMPTED,
            at=self._world.now(),
            event=found.event.id,
            attempts=before.attempts if before else 0,
            provider=provider,
            rule=charge.rule,
            policy_hash=found.policy.hash,
            etag=found.event.etag,
            ends=last_end(found.event),
            lease=self._world.new_id(),
            charged=tuple(window for window, _most in charge.windows),
            before=starts or "",
        )
        try:
            begun = self._write(found, meeting)
        except (StateChanged, TableMissing):  # another instance is at this event; or there is no memory
            self._counters.refund(charge.rule, meeting.charged)
            raise
        if starts is MeetingState.RELEASED:
            logger().warning(
                "event.released",
                mailbox=found.change.mailbox,
                event_id=found.event.id,
                trace=found.change.trace,
            )
        return begun

    def end_without_answer(self, attempt: EventRead, error: JoinlinkError) -> None:
        """Give the attempt back if the error proves that it had no effect; else leave its end open.

        Raises nothing for the second: the error is what the caller has to tell, and the lease ends by itself.
        """
        if proves_no_effect(error):
            self.give_back(attempt)
            return
        meeting = replace(
            _meeting(attempt), lease="", answer=_answer(error), detail=str(error)[:_MOST_DETAIL]
        )
        with suppress(StateChanged, StorageUnavailable, OutOfTime):
            self._write(attempt, meeting)

    def review(self, found: EventRead) -> Ending | EventRead:
        """Hold the event against an attempt whose end is open.

        Returns what becomes of the message. Or the event: as it is, if it is online and the attempt ended
        well; without the attempt, once it is known that this had no effect, to be decided afresh.
        """
        meeting = _meeting(found)
        told = evidence(meeting, found.event, found.age)
        match told.effect:
            case Effect.TOOK_EFFECT:
                return found
            case Effect.IN_PROGRESS:
                return self._later(found, Reason.WRITE_UNDER_WAY, min(told.wait, _UNDER_WAY))
            case Effect.NO_EFFECT:
                return self._after_none(meeting, self.give_back(found))
            case Effect.CHANGED:
                self._write(found, replace(meeting, lease="", doubts=meeting.doubts + 1))
                return self._later(found, Reason.WRITE_UNCONFIRMED, told.wait)
            case Effect.UNKNOWN:
                return self._hold(found)
            case Effect.UNDECIDED:
                return self._later(found, Reason.WRITE_UNCONFIRMED, told.wait)

    def doubt(self, found: EventRead) -> Ending:
        """Read an event once more that was changed since a PATCH without a link; then hold it."""
        meeting = _meeting(found)
        if meeting.doubts and found.age >= SECOND_READ:
            return self._hold(found)
        if not meeting.doubts:
            self._write(found, replace(meeting, doubts=1))
        return self._later(found, Reason.WRITE_UNCONFIRMED, SECOND_READ)

    def leave_alone(self, found: EventRead) -> Ending:
        """Hold an event whose row can't be read: what was done to it is not known."""
        self._held.add(found.change.mailbox, found.event.id, self._world.now())
        detail = "its row in the table meetings is damaged, or from a later version of Joinlink"
        return Ending(outcome=Outcome.SKIPPED, reason=Reason.WRITE_UNKNOWN, detail=detail)

    def give_back(self, found: EventRead) -> EventRead:
        """Forget an attempt that had no effect, then give its charge back."""
        meeting = _meeting(found)
        mailbox, event = found.change.mailbox, found.event.id
        if meeting.before:
            restored = Meeting(
                state=MeetingState(meeting.before),
                at=self._world.now(),
                event=event,
                attempts=meeting.attempts,
                provider=meeting.provider,
                rule=meeting.rule,
                policy_hash=meeting.policy_hash,
                ends=meeting.ends,
            )
            after = self._write(found, restored)
        else:
            self._meetings.delete(mailbox, event, after=found.stored)
            after = replace(found, stored=StoredMeeting())
        self._counters.refund(meeting.rule, meeting.charged)
        return after

    def _after_none(self, meeting: Meeting, found: EventRead) -> Ending | EventRead:
        """Act by what Graph answered, now that it is known that nothing was written."""
        if meeting.answer is Answer.FORBIDDEN:
            waits = retry_hourly(
                found.change, Reason.WRITE_FORBIDDEN, self._world.uniform, detail=meeting.detail
            )
            return replace(waits, rule=meeting.rule)
        if meeting.answer is Answer.REFUSED:
            return to_poison(Reason.UNEXPECTED_ANSWER, meeting.detail)
        return found

    def _hold(self, found: EventRead) -> Ending:
        meeting = _meeting(found)
        self._held.add(found.change.mailbox, found.event.id, self._world.now())
        self._write(found, replace(meeting, state=MeetingState.WRITE_UNKNOWN, at=self._world.now(), lease=""))
        detail = f"changed since the write of {meeting.at:%Y-%m-%d %H:%M:%S} UTC, to which Graph answered: "
        return Ending(
            outcome=Outcome.SKIPPED,
            reason=Reason.WRITE_UNKNOWN,
            rule=meeting.rule,
            provider=meeting.provider,
            detail=detail + (meeting.detail or "no answer arrived"),
        )

    def _later(self, found: EventRead, reason: Reason, wait: timedelta) -> Ending:
        meeting = _meeting(found)
        ending = retry_later(
            found.change, reason, wait + delays.jitter(self._world.uniform), detail=meeting.detail
        )
        return replace(ending, rule=meeting.rule)

    def _write(self, found: EventRead, meeting: Meeting) -> EventRead:
        stored = self._meetings.write(found.change.mailbox, found.event.id, meeting, after=found.stored)
        return replace(found, stored=stored, age=timedelta(0))


def proves_no_effect(error: JoinlinkError) -> bool:
    """Tell whether a write was surely not carried out. A refusal proves nothing once the request was sent."""
    if isinstance(error, EventChanged):
        return error.status == HTTPStatus.PRECONDITION_FAILED
    return isinstance(error, NotConnected | OutOfTime)  # out of time: before it was sent


def _answer(error: JoinlinkError) -> Answer:
    if isinstance(error, Forbidden):
        return Answer.FORBIDDEN
    if isinstance(error, Throttled | GraphUnavailable) or not isinstance(error, GraphError):
        return Answer.PASSING
    is_refused = isinstance(error, UnexpectedAnswer) and (error.status or 0) >= HTTPStatus.BAD_REQUEST
    return Answer.REFUSED if is_refused else Answer.PASSING


def _meeting(found: EventRead) -> Meeting:
    assert found.stored.meeting is not None
    return found.stored.meeting
