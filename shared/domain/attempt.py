"""What became of a PATCH that was sent and not confirmed: only the event itself can tell.

A status proves nothing about an effect: a proxy may answer 429 for a write that Graph carried out. So the
event is read again, and what it shows is held against the attempt. A read can be stale for a while (about
one in fifteen PATCHes of occurrences, microsoft-graph-docs-contrib issue 3706), which is why time matters.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from shared.domain.event import Event
from shared.domain.meeting import Meeting

#: One instance at a time may send a PATCH. A message ends after 60 s, so that who holds a lease for longer is
#: dead, or stands still.
LEASE = timedelta(seconds=120)
#: A read that began so long after the end of an attempt shows what came of it.
SETTLED = timedelta(seconds=60)
#: An event that was changed since is read once more after so long, before it is held for an admin.
SECOND_READ = timedelta(minutes=5)


class Effect(Enum):
    """What is known of an attempt."""

    #: somebody holds the lease: what is read now tells nothing
    UNDER_WAY = "under_way"
    #: the event is online
    TAKEN = "taken"
    #: the event is as it was before the attempt
    NONE = "none"
    #: it may still show
    OPEN = "open"
    #: the event is offline and has changed, for the first time that it was read
    DOUBTED = "doubted"
    #: so it was again: whether it had a link in between can't be told
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a read tells of an attempt; `wait` is when another one may tell more."""

    effect: Effect
    wait: timedelta = timedelta(0)


def evidence(meeting: Meeting, event: Event, age: timedelta) -> Evidence:
    """Hold an event against an attempt.

    `age` is how long before the read of the event began the attempt's row was written, by the table
    service's time.
    """
    if meeting.lease and age < LEASE:
        return Evidence(Effect.UNDER_WAY, LEASE - age)
    if event.is_online_meeting:
        return Evidence(Effect.TAKEN)
    if event.etag == meeting.etag:
        # With a lease that ran out nobody noted the end, which came before the message's deadline.
        return Evidence(Effect.NONE) if age >= SETTLED else Evidence(Effect.OPEN, SETTLED - age)
    if not meeting.doubts:
        return Evidence(Effect.DOUBTED, SECOND_READ)
    return Evidence(Effect.UNKNOWN) if age >= SECOND_READ else Evidence(Effect.OPEN, SECOND_READ - age)
