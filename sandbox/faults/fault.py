"""The form of a fault: which calls it affects, what happens to them, and how an event may end."""

import math
import random
from dataclasses import dataclass
from enum import StrEnum

_P99 = 2.326  # standard deviations


class Target(StrEnum):
    """The service that a fault affects."""

    GRAPH = "graph"
    TOKEN = "token"  # noqa: S105 -- a name, no secret
    QUEUE = "queue"
    TABLE = "table"
    BLOB = "blob"
    #: the queue calls of the Functions host itself: it receives, renews and deletes messages
    HOST = "host"
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
    #: sends the true answer in small pieces
    DRIP = "drip"
    #: never answers
    SILENCE = "silence"
    #: reports success, without the effect
    IGNORE = "ignore"
    #: lets the call pass: only `first` and `then` happen
    PASS = "pass"  # noqa: S105 -- no password
    #: kills the host that made the call (SIGKILL)
    KILL = "kill"


class UserAction(StrEnum):
    """What a person does to an event."""

    CREATE = "create"
    EDIT = "edit"
    #: only the ETag changes, which Graph does by itself
    DRIFT = "drift"
    #: to another time
    MOVE = "move"
    #: a guest from outside, so that the rules want a link
    INVITE = "invite"
    REMOVE_LINK = "remove_link"
    CANCEL = "cancel"
    DELETE = "delete"


class AllowedEnd(StrEnum):
    """A final state that is allowed for an event that should get a link."""

    LINK = "link"
    #: `write_unknown`: not changed until an admin decides
    HELD = "held"
    #: Graph accepted three writes without effect: `gave_up`
    GAVE_UP = "gave up"
    #: the message is in the poison queue
    POISON = "poison"
    #: the write has no `enabled` line: the process ended between storing the row and logging the line
    UNCOUNTED = "uncounted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """One kind of failure.

    It affects calls to `target` with this `method` (`*` for any; a regular expression) in whose path the
    regular expression `path` is found. `latency` is the median and the 99th percentile of a log-normal
    distribution, in milliseconds of real time. `first` and `then` are what a person does to the event right
    before and after the call. If it `lasts`, it hits the same call again until the window ends. `seconds`
    is how long Graph believes the call to have taken. `allows` are the final states that an affected event
    may have.
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
    latency: tuple[float, float] = (0, 0)
    first: UserAction | None = None
    then: UserAction | None = None
    lasts: bool = False
    seconds: int = 0
    allows: tuple[AllowedEnd, ...] = (AllowedEnd.LINK,)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultWindow:
    """When a fault is active, its probability for each call, and how often at most (None: no limit).

    Times are seconds of simulated time from the start of the run.
    """

    fault: PlannedFault
    start: int
    duration: int
    probability: float
    limit: int | None = None


def latency_seconds(latency: tuple[float, float], chance: random.Random) -> float:
    """Draw a duration from a fault's `latency`."""
    median, p99 = latency
    if not median:
        return 0.0
    return chance.lognormvariate(math.log(median), math.log(p99 / median) / _P99) / 1000
