"""Habits: what Graph, the host and the clocks do in a run besides the faults of single calls."""

from dataclasses import dataclass

from sandbox.faults.fault import AllowedEnd
from sandbox.faults.kinds import ALL_FAULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """A habit of `service`, and how an event that it affects may end."""

    kind: str
    service: str
    allows: tuple[AllowedEnd, ...] = (AllowedEnd.LINK,)


_DEATH = (AllowedEnd.LINK, AllowedEnd.HELD, AllowedEnd.UNCOUNTED, AllowedEnd.POISON)

LOST, DOUBLED = "notifications lost", "notifications doubled"
LATE, DROPPED = "notifications late", "notifications dropped, since answers were slow"
REORDERED, STALE = "notifications reordered", "reads that are behind a write"
JOIN_URL_LATE, NO_LINK = "join URL late", "no link, though the PATCH was accepted"
KILLED, STOPPED = "host killed at any point", "host told to stop, then killed"
STORAGE_KILLED, SKEW = "storage killed and restarted", "a host's clock is wrong"

HABITS = (
    Habit(kind=LOST, service="graph"),
    Habit(kind=DOUBLED, service="graph"),
    Habit(kind=LATE, service="graph"),
    Habit(kind=DROPPED, service="graph"),
    Habit(kind=REORDERED, service="graph"),
    Habit(kind=STALE, service="graph"),
    Habit(kind=JOIN_URL_LATE, service="graph"),
    Habit(kind=NO_LINK, service="graph", allows=(AllowedEnd.GAVE_UP, AllowedEnd.HELD)),
    Habit(kind=KILLED, service="host", allows=_DEATH),
    Habit(kind=STOPPED, service="host", allows=_DEATH),
    Habit(kind=STORAGE_KILLED, service="storage", allows=_DEATH[:3]),
    Habit(kind=SKEW, service="host"),
)

ALL_KINDS = (*(fault.kind for fault in ALL_FAULTS), *(habit.kind for habit in HABITS))
"""The kinds of all faults and habits."""
