"""What happened in a play, as values: all that the judge may see."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from sandbox.chaos.plan import ChaosPlan, Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Somebody did something to a meeting; `was_online` tells whether it had a link right before."""

    at: datetime
    meeting: str
    deed: Deed
    was_online: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Graph was asked by a host to PATCH a meeting; `status` is Graph's own, whatever the host heard."""

    at: datetime
    host: int
    meeting: str
    status: int

    @property
    def took_effect(self) -> bool:
        """Whether Graph carried it out."""
        return self.status == 200  # noqa: PLR2004 -- HTTP's OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A fault struck a call; `meeting` is "" where the call names none."""

    at: datetime
    host: int
    kind: str
    call: str
    meeting: str


Entry = Done | Write | Strike


class Chronicle:
    """Keeps what happens in its order; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Keep an entry."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries so far, oldest first."""
        with self._lock:
            return tuple(self._entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosRecord:
    """A play from its begin to its end.

    `ids` are the event ids by meeting, `online` is Graph's last word about each. `rows` are those of the
    `meetings` table by event id hash, `poison` the texts in the poison queues, `waiting` the messages left on
    each queue, `lines` the app's log, and `carried_out` counts the PATCHes of each event that the stand-in's
    own record shows as carried out. `stuck` tells of processes that neither answered nor died.
    """

    plan: ChaosPlan
    entries: tuple[Entry, ...]
    ids: Mapping[str, str]
    online: Mapping[str, bool]
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    poison: tuple[str, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[Mapping[str, Any], ...] = ()
    carried_out: Mapping[str, int] = field(default_factory=dict)
    stuck: tuple[str, ...] = ()


def as_data(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON data."""
    return {"what": type(entry).__name__.lower(), **asdict(entry)}
