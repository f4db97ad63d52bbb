"""A plan: what people do, and which faults there are.

All times are whole seconds of simulated time; points in time count from the start of the run.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from sandbox.faults.fault import FaultWindow, UserAction


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedAction:
    """What a person does to an event, and when."""

    at: int
    action: UserAction


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMeeting:
    """An event. `wants_link` says whether the rules add a link; `owner` is the number of a person."""

    name: str
    owner: int
    wants_link: bool
    actions: tuple[TimedAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosPlan:
    """A run. `clock_skews` are the errors of the hosts' clocks in seconds, one for each host."""

    seed: int
    people: int
    #: the people whose join URLs come late, and those who get no link from Graph
    late_join_urls: tuple[int, ...] = ()
    without_links: tuple[int, ...] = ()
    clock_skews: tuple[int, ...]
    honors_if_match: bool
    #: how long people act and faults are active, and how long after that nothing happens
    active_seconds: int
    quiet_seconds: int
    meetings: tuple[PlannedMeeting, ...]
    fault_windows: tuple[FaultWindow, ...]
    #: how long after a write Graph's reads may still show the event as it was before
    stale_for: int = 0
    #: when a host is killed, or told to stop and killed after it, and when storage goes down; seconds
    kills: tuple[int, ...] = ()
    stops: tuple[int, ...] = ()
    storage_crashes: tuple[int, ...] = ()
    #: simulates a bug: the app's rows about events are deleted at this interval
    delete_rows_every: int | None = None

    @property
    def changes(self) -> int:
        """How many changes people make."""
        return sum(len(meeting.actions) for meeting in self.meetings)

    def wants_link(self, meeting: str) -> bool:
        """Return whether the rules add a link to a new meeting."""
        return next(one.wants_link for one in self.meetings if one.name == meeting)

    def write(self, path: Path) -> None:
        """Write the plan as JSON."""
        path.write_bytes(TypeAdapter(ChaosPlan).dump_json(self, indent=1))


def read_plan(path: Path) -> ChaosPlan:
    """Read a plan that was written as JSON."""
    return TypeAdapter(ChaosPlan).validate_json(path.read_bytes())
