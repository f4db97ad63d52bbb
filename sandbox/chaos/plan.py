"""A plan of chaos: what people do, what fails, and how each failure may end. Data, no more.

All moments and lengths are whole seconds of moved time; moments count from the begin of the play.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Target(StrEnum):
    """What a fault is about."""

    GRAPH = "graph"
    TOKEN = "token"  # noqa: S105 -- a name, no secret
    QUEUE = "queue"
    TABLE = "table"
    BLOB = "blob"
    #: Graph's own POST to the webhook
    WEBHOOK = "webhook"


class FaultEffect(StrEnum):
    """When a fault strikes."""

    #: nothing was done
    BEFORE = "before"
    #: it was done, whatever the answer says
    AFTER = "after"


class How(StrEnum):
    """What a fault does."""

    #: answers with the fault's own status, headers and body
    ANSWER = "answer"
    #: closes the connection without an answer
    DROP = "drop"
    #: only delays the call
    DELAY = "delay"
    #: kills the process that made the call (SIGKILL)
    KILL = "kill"


class Deed(StrEnum):
    """What somebody does to an event."""

    CREATE = "create"
    EDIT = "edit"
    #: the ETag changes, and nothing else: what Graph does by itself
    DRIFT = "drift"
    REMOVE_LINK = "remove_link"
    CANCEL = "cancel"


class End(StrEnum):
    """How a wanted event may end after quiet time."""

    LINK = "link"
    #: `write_unknown`: left alone until an admin decides
    HELD = "held"
    #: the message is in the poison queue
    POISON = "poison"
    #: its write has no `enabled` line: the process ended between the row that says so and the line
    UNCOUNTED = "uncounted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """One kind of failure.

    It is about calls to `target` of `method` (`*` for any) in whose path the regular expression `path` is
    found. `delay_ms` is real time, spent before the effect. `then` is what somebody does to the event of the
    call right after it. `allows` lists the ends that an event of such a call may have.
    """

    kind: str
    target: Target
    method: str = "*"
    path: str = ""
    effect: FaultEffect = FaultEffect.BEFORE
    how: How = How.ANSWER
    status: int = 503
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    delay_ms: int = 0
    then: Deed | None = None
    allows: tuple[End, ...] = (End.LINK,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbreak:
    """A fault in force: from when, for how long, for which share of the calls, at most how often."""

    fault: PlannedFault
    begins: int
    lasts: int
    share: float
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What somebody does to an event, and when."""

    at: int
    deed: Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMeeting:
    """An event's life. `wanted` tells whether the rules want a link; `owner` is a person's number."""

    name: str
    owner: int
    wanted: bool
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosPlan:
    """All that is to happen. `skews` are the hosts' clock errors in seconds, one entry a host."""

    seed: int
    people: int
    skews: tuple[int, ...]
    honors_if_match: bool
    #: how long people and faults are at work, then how long all is quiet
    busy: int
    quiet: int
    meetings: tuple[PlannedMeeting, ...]
    outbreaks: tuple[Outbreak, ...]
    #: how long after a write Graph's reads may still show the event as it was before
    stale_for: int = 0
    #: a planted bug: the rows about events are lost every so many seconds
    forgets_every: int | None = None

    @property
    def changes(self) -> int:
        """How many changes people make."""
        return sum(len(meeting.happenings) for meeting in self.meetings)

    def write(self, path: Path) -> None:
        """Write the plan as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def read(path: Path) -> ChaosPlan:
    """Read a plan that was written as JSON."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return ChaosPlan(
        **{
            **found,
            "skews": tuple(found["skews"]),
            "meetings": tuple(_meeting(one) for one in found["meetings"]),
            "outbreaks": tuple(
                Outbreak(**{**one, "fault": _fault(one["fault"])}) for one in found["outbreaks"]
            ),
        }
    )


def _meeting(found: dict[str, Any]) -> PlannedMeeting:
    happenings = tuple(Happening(at=one["at"], deed=Deed(one["deed"])) for one in found["happenings"])
    return PlannedMeeting(**{**found, "happenings": happenings})


def _fault(found: dict[str, Any]) -> PlannedFault:
    return PlannedFault(
        **{
            **found,
            "target": Target(found["target"]),
            "effect": FaultEffect(found["effect"]),
            "how": How(found["how"]),
            "headers": tuple((name, value) for name, value in found["headers"]),
            "then": Deed(found["then"]) if found["then"] else None,
            "allows": tuple(End(one) for one in found["allows"]),
        }
    )
