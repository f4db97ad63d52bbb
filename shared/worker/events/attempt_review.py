"""Compares an event with an attempt whose effect is not known, and holds the event if it stays unknown."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.attempt import SECOND_READ, Effect, evidence
from shared.domain.decision import Outcome, Reason
from shared.domain.meeting import Answer, Meeting, MeetingState
from shared.storage.held_event_index import HeldEventIndex
from shared.worker.common import delays
from shared.worker.common.ending import Ending, retry_hourly, retry_later, to_poison
from shared.worker.common.world import World
from shared.worker.events.attempts import Attempts
from shared.worker.events.event_read import EventRead

#: How often an event is read while another instance writes to it.
_READ_INTERVAL = timedelta(seconds=20)


class AttemptReview:
    """Finds the effect of attempts. Methods raise StateChanged (read again) or StorageUnavailable."""

    def __init__(self, *, world: World, attempts: Attempts, held: HeldEventIndex) -> None:
        self._world = world
        self._attempts = attempts
        self._held = held

    def review(self, read: EventRead) -> Ending | EventRead:
        """Compare the event with its attempt, whose effect is not known yet.

        Returns:
            How the message ends; or the read to continue with: unchanged if the attempt took effect, without
            the attempt if it had no effect.
        """
        attempt = read.attempt
        shown = evidence(attempt, read.event, read.age)
        match shown.effect:
            case Effect.TOOK_EFFECT:
                return read
            case Effect.NO_EFFECT:
                without = self._attempts.roll_back(read)
                return self._ending_of_refusal(attempt, read) or without
            case Effect.IN_PROGRESS:
                return self._retry(read, Reason.WRITE_UNDER_WAY, min(shown.wait, _READ_INTERVAL))
            case Effect.UNDECIDED:
                return self._retry(read, Reason.WRITE_UNCONFIRMED, shown.wait)
            case Effect.CHANGED:
                self._attempts.save(read, replace(attempt, lease="", doubts=attempt.doubts + 1))
                return self._retry(read, Reason.WRITE_UNCONFIRMED, shown.wait)
            case Effect.UNKNOWN:
                return self._hold(read)

    def confirm_change(self, read: EventRead) -> Ending:
        """Read an event again that has changed since a PATCH without a link; hold it if it still has none."""
        attempt = read.attempt
        if attempt.doubts and read.age >= SECOND_READ:
            return self._hold(read)
        if not attempt.doubts:
            self._attempts.save(read, replace(attempt, doubts=1))
        return self._retry(read, Reason.WRITE_UNCONFIRMED, SECOND_READ)

    def hold_unreadable_row(self, read: EventRead) -> Ending:
        """Hold an event whose row can't be read: it is not known what was done to the event."""
        self._held.add(read.change.mailbox, read.event.id, self._world.now())
        detail = "its row in the table meetings is damaged, or from a later version of Joinlink"
        return Ending(outcome=Outcome.SKIPPED, reason=Reason.WRITE_UNKNOWN, detail=detail)

    def _ending_of_refusal(self, attempt: Meeting, read: EventRead) -> Ending | None:
        """Return how Graph's refusal ends the message, now that the attempt is known to have no effect."""
        if attempt.answer is Answer.FORBIDDEN:
            uniform, detail = self._world.uniform, attempt.detail
            retry = retry_hourly(read.change, Reason.WRITE_FORBIDDEN, uniform, detail=detail)
            return replace(retry, rule=attempt.rule)
        if attempt.answer is Answer.REFUSED:
            return to_poison(Reason.UNEXPECTED_ANSWER, attempt.detail)
        return None

    def _hold(self, read: EventRead) -> Ending:
        """Hold the event until an admin releases it."""
        attempt, now = read.attempt, self._world.now()
        self._held.add(read.change.mailbox, read.event.id, now)
        self._attempts.save(read, replace(attempt, state=MeetingState.WRITE_UNKNOWN, at=now, lease=""))
        is_answered = attempt.state is MeetingState.UNCONFIRMED
        no_error = "Graph answered: success, without a link" if is_answered else "no answer was recorded"
        answer = f"Graph answered: {attempt.detail}" if attempt.detail else no_error
        return Ending(
            outcome=Outcome.SKIPPED,
            reason=Reason.WRITE_UNKNOWN,
            rule=attempt.rule,
            provider=attempt.provider,
            detail=f"changed since the write of {attempt.at:%Y-%m-%d %H:%M:%S} UTC; {answer}",
        )

    def _retry(self, read: EventRead, reason: Reason, wait: timedelta) -> Ending:
        attempt = read.attempt
        wait += delays.jitter(self._world.uniform)
        ending = retry_later(read.change, reason, wait, detail=attempt.detail)
        return replace(ending, rule=attempt.rule)
