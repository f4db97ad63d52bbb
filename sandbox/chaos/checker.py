"""Checks for each event whether the app kept its promises. Pure: reads only a record.

The app promises: at most one write for each event; a link that a person removed is never added again; in the
end each event that should have a link has one, or is held (`write_unknown`) for a reason; and the poison
queue has only messages that the app could not handle. `sandbox.promises` defines them; neither module shares
code with the product.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sandbox.chaos.plan import AllowedEnd, FaultAction, PlannedFault, UserAction
from sandbox.chaos.record import ActionDone, ChaosRecord, Entry, FaultHit, WriteSent
from sandbox.promises import LinkRemoved, Patch, Step, Violation, judge_writes, may_be_held

_HELD = "write_unknown"
_ENABLED, _DECIDED = "enabled", "event.decided"
_SHOWN_COLUMNS = frozenset({"state", "attempts", "etag", "at", "answer", "detail", "doubts"})
#: the longest time that a host needs for a message
_MESSAGE_TIME = timedelta(minutes=2)


class FinalState(StrEnum):
    """How an event ended."""

    LINK = "link"
    #: no link wanted, cancelled in time, or removed by a person
    NO_LINK = "no link"
    HELD = "held"
    #: in the poison queue
    POISON = "poison"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedEvent:
    """One event: its final state, its violations, the faults of its calls, and its history as text."""

    meeting: str
    state: FinalState
    violations: tuple[Violation, ...]
    #: whether a fault of its calls allows its messages in the poison queue
    may_be_poisoned: bool
    faults: tuple[str, ...]
    history: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosVerdict:
    """The result: every event, and the violations that are not about one event, with a text."""

    events: tuple[CheckedEvent, ...]
    others: tuple[tuple[Violation, str], ...]
    #: writes that took effect
    writes: int

    @property
    def has_passed(self) -> bool:
        """Whether there is no violation."""
        return not self.others and not any(event.violations for event in self.events)

    def count(self, what: FinalState | Violation) -> int:
        """Count the events with a final state, or the violations of a kind."""
        at_events = sum(what in (event.state, *event.violations) for event in self.events)
        return at_events + sum(violation is what for violation, _text in self.others)


def check(record: ChaosRecord) -> ChaosVerdict:
    """Check a run."""
    poison = [_decoded(text) for text in record.poison]
    wanted = {meeting.name: meeting.wants_link for meeting in record.plan.meetings}
    events = tuple(_check_event(record, name, poison, wants_link=wanted[name]) for name in record.ids)
    return ChaosVerdict(
        events=events,
        others=tuple(_other_violations(record, events, poison)),
        writes=sum(record.writes_at_graph.values()),
    )


@dataclass(frozen=True, slots=True)
class _EventFacts:
    """The part of the record about one event."""

    entries: tuple[Entry, ...]
    wants_link: bool
    is_online: bool
    is_held: bool
    is_poisoned: bool
    allowed: frozenset[AllowedEnd]
    stale_for: timedelta
    #: the number of `enabled` lines
    enabled_lines: int

    @property
    def is_removed(self) -> bool:
        return any(map(_is_removal, self.entries))

    @property
    def is_cancelled(self) -> bool:
        return any(isinstance(e, ActionDone) and e.action is UserAction.CANCEL for e in self.entries)


def _check_event(record: ChaosRecord, name: str, poison: list[str], *, wants_link: bool) -> CheckedEvent:
    kinds = {window.fault.kind: window.fault for window in record.plan.fault_windows}
    event_id = record.ids[name]
    entries = tuple(_entries_of(record, kinds, name))
    faults = [kinds[e.kind] for e in entries if isinstance(e, FaultHit) and e.kind in kinds]
    lines = [line for line in record.lines if line.get("event_id") == event_id]
    row = record.rows.get(sha256(event_id.encode()).hexdigest(), {})
    facts = _EventFacts(
        entries=entries,
        wants_link=wants_link,
        is_online=record.online[name],
        is_held=row.get("state") == _HELD,
        is_poisoned=any(event_id in text for text in poison),
        stale_for=timedelta(seconds=record.plan.stale_for),
        enabled_lines=sum(line.get("outcome") == _ENABLED for line in lines),
        allowed=frozenset({AllowedEnd.LINK}).union(*(fault.allows for fault in faults)),
    )
    return CheckedEvent(
        meeting=name,
        state=_final_state(facts),
        violations=tuple(dict.fromkeys([*_write_violations(facts), *_end_violations(facts)])),
        may_be_poisoned=AllowedEnd.POISON in facts.allowed,
        faults=tuple(sorted({fault.kind for fault in faults})),
        history=tuple(_history(entries, lines, name, row)),
    )


def _entries_of(record: ChaosRecord, kinds: Mapping[str, PlannedFault], name: str) -> Iterator[Entry]:
    """Yield the entries about an event, and the kills of a host that had written to it shortly before."""
    written: dict[int, datetime] = {}
    for entry in record.entries:
        if entry.meeting == name:
            yield entry
            if isinstance(entry, WriteSent):
                written[entry.host] = entry.at
        elif isinstance(entry, FaultHit) and entry.host in written:
            is_kill = entry.kind in kinds and kinds[entry.kind].action is FaultAction.KILL
            if is_kill and entry.at - written[entry.host] < _MESSAGE_TIME:
                yield entry


def _is_removal(entry: Entry) -> bool:
    return isinstance(entry, ActionDone) and entry.action is UserAction.REMOVE_LINK and entry.was_online


def _write_violations(facts: _EventFacts) -> Iterator[Violation]:
    """Yield how the writes to the event broke a promise."""
    steps: list[Step] = []
    is_online = False
    for entry in facts.entries:
        if _is_removal(entry):
            steps.append(LinkRemoved())
            is_online = False
        elif isinstance(entry, WriteSent) and entry.took_effect:
            steps.append(Patch(was_online=is_online, is_online=True, is_wanted=facts.wants_link))
            is_online = True
    yield from judge_writes(steps)


def _end_violations(facts: _EventFacts) -> Iterator[Violation]:
    if facts.is_removed and facts.is_online:
        yield Violation.RE_ADDED
    if not facts.wants_link or facts.is_removed:
        return
    writes = sum(isinstance(entry, WriteSent) and entry.took_effect for entry in facts.entries)
    may_be_uncounted = AllowedEnd.UNCOUNTED in facts.allowed
    is_counted = facts.enabled_lines == 1 or (facts.enabled_lines == 0 and may_be_uncounted)
    if facts.is_online and writes == 1 and not is_counted:
        yield Violation.MISCOUNTED
    if facts.is_held and not facts.is_online and not _has_cause_to_hold(facts):
        yield Violation.HELD_WITHOUT_CAUSE
    may_be_poisoned = facts.is_poisoned and AllowedEnd.POISON in facts.allowed
    if not (facts.is_online or facts.is_held or facts.is_cancelled or may_be_poisoned):
        yield Violation.LOST


def _has_cause_to_hold(facts: _EventFacts) -> bool:
    """Return whether the result of a write may be unknown: a fault hit it, and the event changed after.

    A change shortly before counts too, since the read before the write may have been stale.
    """
    if AllowedEnd.HELD not in facts.allowed:
        return False
    hits = [entry.at for entry in facts.entries if isinstance(entry, FaultHit)]
    changes = [entry.at for entry in facts.entries if isinstance(entry, ActionDone)]
    return may_be_held(hits, changes, facts.stale_for)


def _final_state(facts: _EventFacts) -> FinalState:
    if facts.is_online:
        return FinalState.LINK
    if facts.is_held:
        return FinalState.HELD
    return FinalState.POISON if facts.is_poisoned else FinalState.NO_LINK


def _other_violations(
    record: ChaosRecord, events: tuple[CheckedEvent, ...], poison: list[str]
) -> Iterator[tuple[Violation, str]]:
    """Yield the violations that are not about one event."""
    allowed = {record.ids[event.meeting] for event in events if event.may_be_poisoned}
    for text in poison:
        if not any(event_id in text for event_id in allowed):
            yield Violation.POISONED, text
    for queue, waiting in record.waiting.items():
        if waiting:
            yield Violation.UNFINISHED, f"{waiting} messages are left on {queue}"
    for text in record.stuck:
        yield Violation.STUCK, text
    for name in record.ids:
        seen = sum(isinstance(e, WriteSent) and e.took_effect and e.meeting == name for e in record.entries)
        at_graph = record.writes_at_graph.get(name, 0)
        if seen != at_graph:
            yield Violation.RECORD, f"{name}: {seen} writes at the proxy, {at_graph} at Graph"


def _history(
    entries: tuple[Entry, ...], lines: list[Mapping[str, Any]], name: str, row: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what happened to an event in order of time, and the app's row about it."""
    happened = [(entry.at.isoformat(), _sentence(entry)) for entry in entries if entry.meeting == name]
    decided = [
        (line["at"], f"host {line['host']}: {line['outcome']}/{line['reason']} {line.get('detail') or ''}")
        for line in lines
        if line["event"] == _DECIDED
    ]
    for at, text in sorted([*happened, *decided], key=lambda one: one[0]):
        yield f"{at[11:23]} {text.rstrip()}"
    shown = {column: str(row[column]) for column in sorted(row) if column in _SHOWN_COLUMNS}
    yield f"row: {shown or 'none'}"


def _sentence(entry: Entry) -> str:
    match entry:
        case ActionDone():
            return f"person: {entry.action}{' (online)' if entry.was_online else ''}"
        case WriteSent():
            return f"host {entry.host}: PATCH, status {entry.status} at Graph"
        case FaultHit():
            return f"host {entry.host}: fault at {entry.call.split(' ')[1]}: {entry.kind}"


def _decoded(text: str) -> str:
    """Return the text of a poison message, which may be base64."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except ValueError:
        return text
