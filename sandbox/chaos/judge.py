"""The judge: what became of each event, and whether the law was kept. Pure: reads a record, nothing else.

The law: one write an event; what a person removed stays removed; what the rules want is there in the end,
or is held (`write_unknown`) for a reason; and no message is set aside that could have passed.
It shares no code with the product.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sandbox.chaos.plan import Deed, End, How, PlannedFault
from sandbox.chaos.record import ChaosRecord, Done, Entry, Strike, Write

_HELD = "write_unknown"
_ENABLED, _DECIDED = "enabled", "event.decided"
_TOLD_OF_ROW = frozenset({"state", "attempts", "etag", "at", "answer", "detail", "doubts"})
#: as long as a message may take
_A_MESSAGE = timedelta(minutes=2)


class Fate(StrEnum):
    """How an event ended, if well."""

    LINK = "link"
    #: unwanted, cancelled in time, or removed by a person
    NO_LINK = "no link"
    HELD = "held"
    #: in the poison queue, as a fault of this kind allows
    POISON = "poison"


class Breach(StrEnum):
    """How the law was broken."""

    DOUBLED = "doubled"
    RE_ADDED = "re-added"
    LOST = "lost"
    UNWANTED = "unwanted"
    HELD_WITHOUT_CAUSE = "held without cause"
    POISONED = "poisoned"
    UNFINISHED = "unfinished"
    STUCK = "stuck"
    #: written once, online in the end, and not exactly one `enabled` line
    MISCOUNTED = "miscounted"
    #: the judge's own sources contradict each other
    RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedEvent:
    """One event: its fate, the breaches at it, and its story, line by line."""

    meeting: str
    fate: Fate
    breaches: tuple[Breach, ...]
    #: whether a fault of its calls allows messages about it in the poison queue
    may_be_poisoned: bool
    #: what kinds of faults struck its calls
    struck_by: tuple[str, ...]
    #: what people, Graph and faults did, and the row; then with the app's lines between
    evidence: tuple[str, ...]
    story: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosVerdict:
    """What the judge says: every event, and the breaches that belong to none of them, with their text."""

    events: tuple[JudgedEvent, ...]
    others: tuple[tuple[Breach, str], ...]
    #: writes that took effect
    writes: int

    @property
    def is_kept(self) -> bool:
        """Whether the law was kept."""
        return not self.others and not any(event.breaches for event in self.events)

    def count(self, what: Fate | Breach) -> int:
        """Count the events of a fate, or the breaches of a kind."""
        at_events = sum(what in (event.fate, *event.breaches) for event in self.events)
        return at_events + sum(breach is what for breach, _text in self.others)

    def held(self) -> tuple[JudgedEvent, ...]:
        """Return the events that wait for an admin, each with its evidence."""
        return tuple(event for event in self.events if event.fate is Fate.HELD)


def judge(record: ChaosRecord) -> ChaosVerdict:
    """Judge a play."""
    kinds = {outbreak.fault.kind: outbreak.fault for outbreak in record.plan.outbreaks}
    poison = [_clear(text) for text in record.poison]
    wanted = {meeting.name: meeting.wanted for meeting in record.plan.meetings}
    events = tuple(_judge_event(record, name, kinds, poison, is_wanted=wanted[name]) for name in record.ids)
    return ChaosVerdict(
        events=events,
        others=tuple(_others(record, events, poison)),
        writes=sum(record.carried_out.values()),
    )


@dataclass(frozen=True, slots=True)
class _Life:
    """What happened to one event."""

    entries: tuple[Entry, ...]
    is_wanted: bool
    is_online: bool
    is_held: bool
    is_poisoned: bool
    allowed: frozenset[End]
    stale_for: timedelta
    #: how many `enabled` lines there are
    counted: int

    @property
    def is_removed(self) -> bool:
        return any(isinstance(e, Done) and e.deed is Deed.REMOVE_LINK and e.was_online for e in self.entries)

    @property
    def is_cancelled(self) -> bool:
        return any(isinstance(e, Done) and e.deed is Deed.CANCEL for e in self.entries)


def _judge_event(
    record: ChaosRecord, name: str, kinds: dict[str, PlannedFault], poison: list[str], *, is_wanted: bool
) -> JudgedEvent:
    entries = tuple(_about(record, name))
    strikes = [kinds[e.kind] for e in entries if isinstance(e, Strike) and e.kind in kinds]
    row = record.rows.get(sha256(record.ids[name].encode()).hexdigest(), {})
    life = _Life(
        entries=entries,
        is_wanted=is_wanted,
        is_online=record.online[name],
        is_held=row.get("state") == _HELD,
        is_poisoned=any(record.ids[name] in text for text in poison),
        stale_for=timedelta(seconds=record.plan.stale_for),
        counted=_counted(record, record.ids[name]),
        allowed=frozenset({End.LINK}).union(*(fault.allows for fault in strikes)),
    )
    breaches = tuple(dict.fromkeys([*_breaches_of_writes(life), *_breaches_of_the_end(life)]))
    return JudgedEvent(
        meeting=name,
        fate=_fate(life),
        breaches=breaches,
        may_be_poisoned=End.POISON in life.allowed,
        struck_by=tuple(sorted({fault.kind for fault in strikes})),
        evidence=tuple(_story(entries, (), name, row)),
        story=tuple(_story(entries, _said_of(record, record.ids[name]), name, row)),
    )


def _about(record: ChaosRecord, name: str) -> Iterator[Entry]:
    """Yield what happened to an event; and the kills of a host that wrote to it shortly before."""
    kills = {one.fault.kind for one in record.plan.outbreaks if one.fault.how is How.KILL}
    wrote: dict[int, datetime] = {}
    for entry in record.entries:
        if entry.meeting == name:
            yield entry
            if isinstance(entry, Write):
                wrote[entry.host] = entry.at
        elif isinstance(entry, Strike) and entry.kind in kills and _is_soon(entry, wrote.get(entry.host)):
            yield entry


def _is_soon(killed: Strike, wrote: datetime | None) -> bool:
    return wrote is not None and killed.at - wrote < _A_MESSAGE


def _breaches_of_writes(life: _Life) -> Iterator[Breach]:
    """Go through an event's life: every write after the first is one too many."""
    has_written = is_removed = False
    for entry in life.entries:
        if isinstance(entry, Done) and entry.deed is Deed.REMOVE_LINK and entry.was_online:
            is_removed = True
        if not isinstance(entry, Write) or not entry.took_effect:
            continue
        if not life.is_wanted:
            yield Breach.UNWANTED
        if is_removed:
            yield Breach.RE_ADDED
        elif has_written:
            yield Breach.DOUBLED
        has_written = True


def _breaches_of_the_end(life: _Life) -> Iterator[Breach]:
    if life.is_removed and life.is_online:
        yield Breach.RE_ADDED
    if not life.is_wanted or life.is_removed:
        return
    writes = sum(isinstance(entry, Write) and entry.took_effect for entry in life.entries)
    is_counted = life.counted == 1 or (life.counted == 0 and End.UNCOUNTED in life.allowed)
    if life.is_online and writes == 1 and not is_counted:
        yield Breach.MISCOUNTED
    if life.is_held and not life.is_online and not _has_cause(life):
        yield Breach.HELD_WITHOUT_CAUSE
    may_be_poisoned = life.is_poisoned and End.POISON in life.allowed
    if not (life.is_online or life.is_held or life.is_cancelled or may_be_poisoned):
        yield Breach.LOST


def _has_cause(life: _Life) -> bool:
    """Tell whether a write of this event may be unknown: its call was struck, and the event changed after.

    A change right before counts, too, where the read before the write may not have shown it yet.
    """
    if End.HELD not in life.allowed:
        return False
    struck = [entry.at for entry in life.entries if isinstance(entry, Strike)]
    changed = [entry.at for entry in life.entries if isinstance(entry, Done)]
    return bool(struck and changed and max(changed) >= min(struck) - life.stale_for)


def _fate(life: _Life) -> Fate:
    if life.is_online:
        return Fate.LINK
    if life.is_held:
        return Fate.HELD
    return Fate.POISON if life.is_poisoned else Fate.NO_LINK


def _others(
    record: ChaosRecord, events: tuple[JudgedEvent, ...], poison: list[str]
) -> Iterator[tuple[Breach, str]]:
    """Yield the breaches that no event can be named for."""
    allowed = {record.ids[event.meeting] for event in events if event.may_be_poisoned}
    for text in poison:
        if not any(event_id in text for event_id in allowed):
            yield Breach.POISONED, text
    for queue, waiting in record.waiting.items():
        if waiting:
            yield Breach.UNFINISHED, f"{waiting} messages wait on {queue}"
    for text in record.stuck:
        yield Breach.STUCK, text
    for name in record.ids:
        seen = sum(isinstance(e, Write) and e.took_effect and e.meeting == name for e in record.entries)
        at_graph = record.carried_out.get(name, 0)
        if seen != at_graph:
            yield Breach.RECORD, f"{name}: {seen} writes at the gate, {at_graph} at Graph"


def _counted(record: ChaosRecord, event_id: str) -> int:
    return sum(line.get("outcome") == _ENABLED and line.get("event_id") == event_id for line in record.lines)


def _said_of(record: ChaosRecord, event_id: str) -> tuple[tuple[str, str], ...]:
    """Return what the app decided about an event, each with its time."""
    return tuple(
        (line["at"], f"host {line['host']}: {line['outcome']}/{line['reason']} {line.get('detail') or ''}")
        for line in record.lines
        if line.get("event_id") == event_id and line["event"] == _DECIDED
    )


def _story(
    entries: tuple[Entry, ...], said: tuple[tuple[str, str], ...], name: str, row: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what happened to an event, in order of time, and what is remembered of it."""
    told = [(entry.at.isoformat(), _sentence(entry)) for entry in entries if entry.meeting == name]
    for at, text in sorted((*told, *said), key=lambda one: one[0]):
        yield f"{at[11:23]} {text.rstrip()}"
    kept = {key: str(row[key]) for key in sorted(row) if key in _TOLD_OF_ROW}
    yield f"row: {kept or 'none'}"


def _sentence(entry: Entry) -> str:
    match entry:
        case Done():
            return f"somebody: {entry.deed}{' (online)' if entry.was_online else ''}"
        case Write():
            return f"host {entry.host} writes: Graph says {entry.status}"
        case Strike():
            method = entry.call.split(" ")[1]
            return f"host {entry.host} is struck at {method}: {entry.kind}"


def _clear(text: str) -> str:
    """Return a poison message as text: the app's envelope or the host's copy, base64 or not."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except ValueError:
        return text
