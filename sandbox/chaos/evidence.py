"""What a record shows of one event: its end, and the causes that excuse an end without a link."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

from sandbox.chaos.poison import PoisonedMessage
from sandbox.chaos.record import (
    ActionDone,
    ChaosRecord,
    Entry,
    FaultHit,
    FinalEvent,
    HostKilled,
    RowWritten,
    WriteSent,
)
from sandbox.chaos.state import row_key
from sandbox.faults.fault import AllowedEnd, FaultAction, Target, UserAction
from sandbox.faults.kinds import ALL_FAULTS
from sandbox.promises import may_be_held

_HELD = "write_unknown"
#: the longest time that a host needs for a message
MESSAGE_TIME = timedelta(minutes=2)
#: how long before its write a message may have read the event
_READ_TO_WRITE = timedelta(minutes=1)
#: of a host whose clock is wrong
_CLOCK_ERROR = timedelta(minutes=1)
_NEVER = datetime.max.replace(tzinfo=UTC) - _CLOCK_ERROR
_KINDS = {fault.kind: fault for fault in ALL_FAULTS}
#: with which a message ends that could not read or write the event's row
_UNSEEN_REASONS = frozenset({"storage_unavailable", "out_of_time"})
_IGNORING = {kind for kind, fault in _KINDS.items() if fault.action is FaultAction.IGNORE}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEvidence:
    """The part of a record about one event.

    Attributes:
        entries: what happened to it, in order, with the deaths of hosts that had just written to it.
        crashes: the times at which the storage account went down shortly after a write to it.
        row: its row in the app's table `meetings`.
        poison: its messages in the poison queue.
        calls: the number of Graph calls about it.
    """

    meeting: str
    event: str
    wants_link_at_first: bool
    entries: tuple[Entry, ...]
    crashes: tuple[datetime, ...]
    lines: tuple[Mapping[str, Any], ...]
    row: Mapping[str, Any]
    final: FinalEvent
    poison: tuple[PoisonedMessage, ...]
    calls: int
    stale_for: timedelta
    #: the other ends that the faults of its calls allow
    allowed: frozenset[AllowedEnd]

    @property
    def is_removed(self) -> bool:
        """Whether a person took its link away."""
        return any(
            isinstance(e, ActionDone) and e.action is UserAction.REMOVE_LINK and e.was_online
            for e in self.entries
        )

    @property
    def is_wanted(self) -> bool:
        """Whether its final state and the rules want a link."""
        is_invited = any(isinstance(e, ActionDone) and e.action is UserAction.INVITE for e in self.entries)
        is_over = self.final.is_gone or self.final.is_cancelled
        return (self.wants_link_at_first or is_invited) and not is_over and not self.is_removed

    @property
    def is_held(self) -> bool:
        """Whether the app holds it."""
        return bool(self.row.get("state") == _HELD)

    @property
    def not_honored(self) -> int:
        """How many PATCHes Graph accepted without effect."""
        return sum(map(_is_without_effect, self.entries))

    @property
    def has_died(self) -> bool:
        """Whether a host died, or storage went down, shortly after a write to it."""
        return bool(self.crashes) or any(map(is_death, self.entries))

    def is_forgotten(self, write: WriteSent) -> bool:
        """Whether a PATCH without effect left nothing from which the app could know of it.

        Its answer was not recorded, and the event kept its version: for Joinlink it never reached Graph.
        """
        ignored = [e for e in self.entries if isinstance(e, FaultHit) and e.kind in _IGNORING]
        is_ignored = any(
            e.host == write.host and timedelta(0) <= write.at - e.at < _READ_TO_WRITE for e in ignored
        )
        deaths = [e.at for e in self.entries if is_death(e)]
        return is_ignored and _is_soon_after(write.at, [*deaths, *self.crashes, *self._failures()])

    @property
    def is_row_unconfirmed(self) -> bool:
        """Whether a table took a row about a successful write, but did not say so: then there is no line.

        The check of the row failed too, so the message ended with an error. The row may be written long after
        the write, by a later read.
        """
        written = [e.at for e in self.entries if isinstance(e, WriteSent) and e.is_online]
        is_hit = any(
            isinstance(e, FaultHit)
            and AllowedEnd.UNCOUNTED in _allowed_by(e)
            and any(e.at >= at for at in written)
            for e in self.entries
        )
        return is_hit and any(line["reason"] in _UNSEEN_REASONS for line in self.lines)

    @property
    def doubts(self) -> list[datetime]:
        """The times at which the result of a write became unknown."""
        at = [e.at for e in self.entries if isinstance(e, HostKilled) or _is_doubt(e)]
        # The row of an attempt that had no effect is deleted. If it is not, the attempt stays in doubt.
        return [*at, *self._overtaken, *self._failures(" DELETE "), *self.crashes]

    @property
    def _overtaken(self) -> Iterator[datetime]:
        """The times of PATCHes whose result was not recorded, or could not be seen.

        A PATCH that Graph accepted is one if a call to a table failed soon after it. One without effect is,
        too, if a person changed the event before the app recorded that there is no link: Graph may create a
        link later than its answer, so the link may have come and gone.
        """
        changed = [e.at for e in self.entries if _is_change(e)]
        rows = [e.at for e in self.entries if isinstance(e, RowWritten)]
        for entry in self.entries:
            if not isinstance(entry, WriteSent) or not entry.was_accepted:
                continue
            # The first row after the PATCH has its answer, the second what the event showed later.
            _answer, *later = [at for at in rows if at >= entry.at] or [entry.at]
            until = later[0] if later else datetime.max.replace(tzinfo=UTC)
            is_overtaken = not entry.is_online and any(entry.at <= at < until for at in changed)
            if is_overtaken or _is_soon_after(entry.at, self._failures()):
                yield entry.at

    def _failures(self, method: str = "") -> Iterator[datetime]:
        """Yield when a call to a table failed: all calls, or those with this method."""
        for entry in self.entries:
            if isinstance(entry, FaultHit) and entry.kind in _KINDS and method in entry.call:
                fault = _KINDS[entry.kind]
                if fault.target is Target.TABLE and fault.action is not FaultAction.DELAY:
                    yield entry.at

    @property
    def may_be_held(self) -> bool:
        """Whether the result of a write may be unknown: a cause for doubt, and another version after it.

        The doubt begins with the version that the host read before the write. Both came before the app held
        the event.
        """
        until = self.row.get("at", _NEVER) + _CLOCK_ERROR if self.is_held else _NEVER
        changes = [e.at for e in self.entries if _is_change(e) or _is_without_effect(e)]
        doubts, changes = ([at for at in times if at <= until] for times in (self.doubts, changes))
        return may_be_held(doubts, changes, self.stale_for + _READ_TO_WRITE)


def facts_of(
    record: ChaosRecord,
    name: str,
    entries: Sequence[Entry],
    lines: Sequence[Mapping[str, Any]],
    poison: Sequence[PoisonedMessage],
) -> EventEvidence:
    """Return what a record shows of a meeting."""
    event = record.graph.ids[name]
    kinds = {e.kind for e in entries if isinstance(e, FaultHit)} & _KINDS.keys()
    written = [e.at for e in entries if isinstance(e, WriteSent | RowWritten)]
    crashes = record.processes.storage_crashes
    return EventEvidence(
        meeting=name,
        event=event,
        wants_link_at_first=record.plan.wants_link(name),
        entries=tuple(entries),
        crashes=tuple(
            at for at in crashes if any(timedelta(0) <= at - one < MESSAGE_TIME for one in written)
        ),
        lines=tuple(lines),
        row=record.rows.get(row_key(event), {}),
        final=record.graph.final[name],
        poison=tuple(message for message in poison if message.event == event),
        calls=record.graph.calls.get(name, 0),
        stale_for=timedelta(seconds=record.plan.stale_for),
        allowed=frozenset({AllowedEnd.LINK}).union(*(_KINDS[kind].allows for kind in kinds)),
    )


def is_death(entry: Entry) -> TypeGuard[HostKilled | FaultHit]:
    """Return whether a host was killed, by a fault or at any point of its work."""
    return isinstance(entry, HostKilled) or (isinstance(entry, FaultHit) and "killed" in entry.kind)


def _is_soon_after(write: datetime, times: Iterable[datetime]) -> bool:
    """Return whether one of the times is in the message that sent a PATCH."""
    return any(timedelta(0) <= at - write < MESSAGE_TIME for at in times)


def _is_change(entry: Entry) -> bool:
    """Return whether a person gave an event another version."""
    return isinstance(entry, ActionDone) and entry.action is not UserAction.CREATE


def _is_without_effect(entry: Entry) -> bool:
    """Return whether Graph accepted a PATCH without effect: the event has another version, but no link."""
    return isinstance(entry, WriteSent) and entry.was_accepted and not entry.is_online


def _is_doubt(entry: Entry) -> bool:
    return isinstance(entry, FaultHit) and AllowedEnd.HELD in _allowed_by(entry)


def _allowed_by(hit: FaultHit) -> tuple[AllowedEnd, ...]:
    return _KINDS[hit.kind].allows if hit.kind in _KINDS else ()
