"""What happened in a run: the only input of the checker.

The stand-in Graph writes `GraphRecord`, Azurite a line for each `RowCall`, the director `ProcessRecord`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from sandbox.chaos.plan import ChaosPlan
from sandbox.faults.fault import UserAction


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDone:
    """A person did something to a meeting; `was_online` says whether it had a link right before."""

    at: datetime
    meeting: str
    action: UserAction
    was_online: bool
    type: Literal["action"] = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSent:
    """A host sent a PATCH of a meeting; `status` is Graph's own, whatever answer the host got."""

    at: datetime
    host: int
    meeting: str
    status: int
    #: isOnlineMeeting right before and after
    was_online: bool
    is_online: bool
    type: Literal["write"] = "write"

    @property
    def was_accepted(self) -> bool:
        """Whether Graph accepted it, with or without effect."""
        return self.status == 200  # noqa: PLR2004 -- HTTP's OK


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultHit:
    """A fault affected a call; `meeting` is "" if the call is not about a meeting."""

    at: datetime
    host: int
    kind: str
    call: str
    meeting: str
    type: Literal["fault"] = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWritten:
    """A host wrote the row of a meeting."""

    at: datetime
    host: int
    meeting: str
    type: Literal["row"] = "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKilled:
    """A host was killed at any point of its work."""

    at: datetime
    host: int
    type: Literal["kill"] = "kill"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostBegan:
    """A process of a host was started, the first one or a new one after its death."""

    at: datetime
    host: int


Entry = ActionDone | WriteSent | FaultHit | RowWritten | HostKilled


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalEvent:
    """An event at the end of a run, as Graph has it."""

    is_online: bool
    is_gone: bool = False
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRecord:
    """The record of the stand-in Graph.

    Attributes:
        entries: what happened, in order.
        ids: event ids by meeting.
        final: the events at the end, by meeting.
        calls: the number of Graph calls about each meeting.
        notifications: how many notifications were queued, sent in a POST, never sent, and sent twice.
    """

    entries: tuple[Entry, ...]
    ids: Mapping[str, str]
    final: Mapping[str, FinalEvent]
    calls: Mapping[str, int] = field(default_factory=dict)
    notifications: Mapping[str, int] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the record as JSON."""
        path.write_bytes(TypeAdapter(GraphRecord).dump_json(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCall:
    """A call to storage that a fault hit (`kind`), or that wrote a row of the table `meetings`."""

    at: datetime
    host: int
    call: str
    row: str
    kind: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRecord:
    """What the director did to the processes, and a text for each host that neither finished nor died."""

    kills: tuple[HostKilled, ...] = ()
    starts: tuple[HostBegan, ...] = ()
    stops: int = 0
    storage_crashes: tuple[datetime, ...] = ()
    stuck: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Write the record as JSON."""
        path.write_bytes(TypeAdapter(ProcessRecord).dump_json(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosRecord:
    """A complete run.

    Attributes:
        entries: what happened, in order of time.
        rows: the rows of the table `meetings` by hash of the event id.
        poison: the texts of the messages in the poison queues.
        waiting: the number of messages left on each queue.
        lines: the app's log lines.
    """

    plan: ChaosPlan
    graph: GraphRecord
    processes: ProcessRecord = ProcessRecord()
    entries: tuple[Entry, ...] = ()
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    poison: tuple[str, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[Mapping[str, Any], ...] = ()
