"""A plan: what people do, which faults there are, and how an event may end after each fault.

All times are whole seconds of simulated time; points in time count from the start of the run.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter


class Target(StrEnum):
    """The service that a fault affects."""

    GRAPH = "graph"
    TOKEN = "token"  # noqa: S105 -- a name, no secret
    QUEUE = "queue"
    TABLE = "table"
    BLOB = "blob"
    #: Graph's own POST to the webhook
    WEBHOOK = "webhook"


class FaultEffect(StrEnum):
    """Whether the call takes effect."""

    #: the call fails and takes no effect
    BEFORE = "before"
    #: the call takes effect, whatever the answer says
    AFTER = "after"


class FaultAction(StrEnum):
    """What a fault does."""

    #: answers with the fault's own status, headers and body
    ANSWER = "answer"
    #: closes the connection without an answer
    DROP = "drop"
    #: only delays the call
    DELAY = "delay"
    #: kills the host that made the call (SIGKILL)
    KILL = "kill"


class UserAction(StrEnum):
    """What a person does to an event."""

    CREATE = "create"
    EDIT = "edit"
    #: only the ETag changes, which Graph does by itself
    DRIFT = "drift"
    REMOVE_LINK = "remove_link"
    CANCEL = "cancel"


class AllowedEnd(StrEnum):
    """A final state that is allowed for an event that should get a link."""

    LINK = "link"
    #: `write_unknown`: not changed until an admin decides
    HELD = "held"
    #: the message is in the poison queue
    POISON = "poison"
    #: the write has no `enabled` line: the process ended between storing the row and logging the line
    UNCOUNTED = "uncounted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """One kind of failure.

    It affects calls to `target` with this `method` (`*` for any; a regular expression) in whose path the
    regular expression `path` is found. `delay_ms` is real time before the effect. `then` is what a person
    does to the event right after the call. `allows` are the final states that an affected event may have.
    """

    kind: str
    target: Target
    method: str = "*"
    path: str = ""
    effect: FaultEffect = FaultEffect.BEFORE
    action: FaultAction = FaultAction.ANSWER
    status: int = 503
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    delay_ms: int = 0
    then: UserAction | None = None
    allows: tuple[AllowedEnd, ...] = (AllowedEnd.LINK,)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultWindow:
    """When a fault is active, its probability for each call, and how often at most (None: no limit)."""

    fault: PlannedFault
    start: int
    duration: int
    probability: float
    limit: int | None = None


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
    clock_skews: tuple[int, ...]
    honors_if_match: bool
    #: how long people act and faults are active, and how long after that nothing happens
    active_seconds: int
    quiet_seconds: int
    meetings: tuple[PlannedMeeting, ...]
    fault_windows: tuple[FaultWindow, ...]
    #: how long after a write Graph's reads may still show the event as it was before
    stale_for: int = 0
    #: simulates a bug: the app's rows about events are deleted at this interval
    delete_rows_every: int | None = None

    @property
    def changes(self) -> int:
        """How many changes people make."""
        return sum(len(meeting.actions) for meeting in self.meetings)

    def write(self, path: Path) -> None:
        """Write the plan as JSON."""
        path.write_bytes(TypeAdapter(ChaosPlan).dump_json(self, indent=1))


def read_plan(path: Path) -> ChaosPlan:
    """Read a plan that was written as JSON."""
    return TypeAdapter(ChaosPlan).validate_json(path.read_bytes())
