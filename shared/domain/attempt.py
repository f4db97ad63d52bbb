"""Determines the effect of a PATCH that Graph did not confirm, from a later read of the event.

A status code proves nothing about an effect: a proxy may answer 429 for a write that Graph carried out. Only
the event itself shows the effect. A read can be stale for a while (after about one in fifteen PATCHes of
occurrences, microsoft-graph-docs-contrib issue 3706), so the time between attempt and read counts too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from shared.domain.event import Event
from shared.domain.meeting import Meeting, MeetingState

#: Only the instance that holds the lease may send a PATCH. A message is handled for at most 60 s, so an
#: instance that holds a lease for longer has died or hangs.
LEASE = timedelta(seconds=120)
#: A read that starts this long after the end of an attempt shows its effect.
SETTLED = timedelta(seconds=60)
#: An event that was changed since the attempt is read again after this time, then held for an admin.
SECOND_READ = timedelta(minutes=5)


class Effect(Enum):
    """What is known of the effect of an attempt."""

    #: an instance holds the lease, so a read shows nothing yet
    IN_PROGRESS = "in_progress"
    #: the event is online
    TOOK_EFFECT = "took_effect"
    #: the event is as it was before the attempt
    NO_EFFECT = "no_effect"
    #: the event is as it was, but the read may be stale
    UNDECIDED = "undecided"
    #: the first read shows the event offline and changed since the attempt
    CHANGED = "changed"
    #: a second read shows the same, so it is not known whether the event had a link in between
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a read shows of an attempt. If `wait` is not zero, another read after it shows more."""

    effect: Effect
    wait: timedelta = timedelta(0)


def evidence(meeting: Meeting, event: Event, age: timedelta) -> Evidence:
    """Return what a read of the event shows of the effect of an attempt.

    `age` is the time from the write of the attempt's row to the start of the read, by the table service's
    clock.
    """
    if meeting.lease and age < LEASE:
        return Evidence(Effect.IN_PROGRESS, LEASE - age)
    if event.is_online_meeting:
        return Evidence(Effect.TOOK_EFFECT)
    if event.etag == meeting.etag:
        # If the lease ran out, the end was not recorded; but the message's deadline was before LEASE.
        return Evidence(Effect.NO_EFFECT) if age >= SETTLED else Evidence(Effect.UNDECIDED, SETTLED - age)
    if not meeting.doubts:
        return Evidence(Effect.CHANGED, SECOND_READ)
    return Evidence(Effect.UNKNOWN) if age >= SECOND_READ else Evidence(Effect.UNDECIDED, SECOND_READ - age)


def without_attempt(attempt: Meeting, now: datetime) -> Meeting | None:
    """Return the row as it was before an attempt that had no effect; None if there was none."""
    if not attempt.before:
        return None
    return Meeting(
        state=MeetingState(attempt.before),
        at=now,
        event=attempt.event,
        attempts=attempt.attempts,
        provider=attempt.provider,
        rule=attempt.rule,
        policy_hash=attempt.policy_hash,
        ends=attempt.ends,
    )
