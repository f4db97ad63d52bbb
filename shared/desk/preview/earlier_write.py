"""What an earlier write to a meeting means for its decision, as in the worker. Pure."""

from datetime import datetime

from shared.desk.preview.previewed import PreviewedDecision
from shared.domain.attempt import SECOND_READ, SETTLED, Effect, evidence, without_attempt
from shared.domain.decision import Outcome, Reason
from shared.domain.event import Event
from shared.domain.meeting import Answer, Meeting, MeetingState
from shared.storage.meetings import StoredMeeting
from shared.worker.common.delays import VERIFY_DELAY

#: what the worker does while the effect of an attempt is not known
_UNSETTLED = {
    Effect.IN_PROGRESS: (Outcome.DELAYED, Reason.WRITE_UNDER_WAY),
    Effect.UNDECIDED: (Outcome.DELAYED, Reason.WRITE_UNCONFIRMED),
    Effect.CHANGED: (Outcome.DELAYED, Reason.WRITE_UNCONFIRMED),
    Effect.UNKNOWN: (Outcome.SKIPPED, Reason.WRITE_UNKNOWN),
}


def ending_of_earlier_write(event: Event, stored: StoredMeeting) -> PreviewedDecision | None:
    """Return how the worker ends before guards and rules decide, because of an earlier write; None if not."""
    meeting = stored.meeting
    if stored.is_unreadable:
        why = "its row in the table meetings can't be read"
        return PreviewedDecision(Outcome.SKIPPED, Reason.WRITE_UNKNOWN, why=why)
    if meeting is None:
        return None
    if meeting.state is MeetingState.ATTEMPTED:
        return _ending_of_attempt(meeting, evidence(meeting, event, stored.age).effect)
    if meeting.was_online and stored.age < SETTLED:
        return PreviewedDecision(Outcome.DELAYED, Reason.SECOND_LOOK)
    return None


def _ending_of_attempt(attempt: Meeting, effect: Effect) -> PreviewedDecision | None:
    rule = attempt.rule or None
    if effect in _UNSETTLED:
        return PreviewedDecision(*_UNSETTLED[effect], rule)
    if attempt.answer is Answer.FORBIDDEN:
        return PreviewedDecision(Outcome.DELAYED, Reason.WRITE_FORBIDDEN, rule)
    if attempt.answer is Answer.REFUSED:
        return PreviewedDecision(Outcome.FAILED, Reason.UNEXPECTED_ANSWER)
    return None


def memory_that_counts(stored: StoredMeeting, now: datetime) -> Meeting | None:
    """Return what is remembered of a meeting, once an attempt without effect is taken back."""
    meeting = stored.meeting
    is_attempt = meeting is not None and meeting.state is MeetingState.ATTEMPTED
    return without_attempt(meeting, now) if meeting and is_attempt else meeting


def ending_while_awaited(event: Event, stored: StoredMeeting) -> PreviewedDecision | None:
    """Return how the worker ends a meeting that would get its link, if one write was accepted; else None."""
    meeting = stored.meeting
    if meeting is None or meeting.state is not MeetingState.UNCONFIRMED:
        return None
    rule = meeting.rule or None
    if stored.age < VERIFY_DELAY:
        return PreviewedDecision(Outcome.DELAYED, Reason.AWAITING_JOIN_LINK, rule)
    if event.etag == meeting.etag:
        return PreviewedDecision(Outcome.NOT_HONORED, Reason.NO_JOIN_LINK, rule)
    if meeting.doubts and stored.age >= SECOND_READ:
        return PreviewedDecision(Outcome.SKIPPED, Reason.WRITE_UNKNOWN, rule)
    return PreviewedDecision(Outcome.DELAYED, Reason.WRITE_UNCONFIRMED, rule)
