"""What happened in a run: the only input of the checker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.chaos.plan import ChaosPlan, UserAction


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDone:
    """A person did something to a meeting; `was_online` says whether it had a link right before."""

    at: datetime
    meeting: str
    action: UserAction
    was_online: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSent:
    """A host sent a PATCH of a meeting; `status` is Graph's own, whatever answer the host got."""

    at: datetime
    host: int
    meeting: str
    status: int

    @property
    def took_effect(self) -> bool:
        """Whether Graph changed the event."""
        return self.status == 200  # noqa: PLR2004 -- HTTP's OK


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultHit:
    """A fault affected a call; `meeting` is "" if the call is not about a meeting."""

    at: datetime
    host: int
    kind: str
    call: str
    meeting: str


Entry = ActionDone | WriteSent | FaultHit


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosRecord:
    """A complete run.

    Attributes:
        entries: what happened, in order.
        ids: event ids by meeting.
        online: whether Graph shows an online meeting in the end, by meeting.
        rows: the rows of the table `meetings` by hash of the event id.
        poison: the texts of the messages in the poison queues.
        waiting: the number of messages left on each queue.
        lines: the app's log lines.
        writes_at_graph: the PATCHes that took effect by the stand-in's own record, by meeting.
        stuck: a text for each host that neither finished nor died.
    """

    plan: ChaosPlan
    entries: tuple[Entry, ...]
    ids: Mapping[str, str]
    online: Mapping[str, bool]
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    poison: tuple[str, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[Mapping[str, Any], ...] = ()
    writes_at_graph: Mapping[str, int] = field(default_factory=dict)
    stuck: tuple[str, ...] = ()
