"""Checks for each event whether the app kept its promises. Pure: reads only a record.

The app promises: at most one write for each event; a link that a person removed is never added again; in the
end each event that should have a link has one, or a final reason that the record justifies; and the poison
queue has only messages that the app could not handle. `sandbox.promises` defines them; neither module shares
code with the product.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.chaos.evidence import MESSAGE_TIME, EventEvidence, facts_of, is_death
from sandbox.chaos.habit_hits import habit_hits
from sandbox.chaos.history import history
from sandbox.chaos.poison import PoisonedMessage, read_poison
from sandbox.chaos.record import ActionDone, ChaosRecord, Entry, FaultHit, HostKilled, RowWritten, WriteSent
from sandbox.faults.fault import AllowedEnd, UserAction
from sandbox.faults.habits import ALL_KINDS
from sandbox.promises import (
    AGAIN,
    FINAL_REASONS,
    End,
    LinkRemoved,
    Patch,
    Seen,
    Step,
    Violation,
    is_lost,
    judge_writes,
    says_how_it_ended,
)

#: A run of so many changes must hit every kind of fault, or more than half of them.
HITS_EVERY_KIND, HITS_MOST_KINDS = 10_000, 1000
#: the lines of the messages of both queues
_LINES = frozenset({"event.decided", "task.finished"})


class FinalState(StrEnum):
    """How an event ended."""

    LINK = "link"
    #: no link wanted, cancelled or deleted, or removed by a person
    NO_LINK = "no link"
    HELD = "held"
    #: Graph accepted three writes without effect
    GAVE_UP = "gave up"
    #: in the poison queue
    POISON = "poison"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedEvent:
    """One event: its final state, its violations, the faults of its calls, and its history as text."""

    meeting: str
    state: FinalState
    violations: tuple[Violation, ...]
    faults: tuple[str, ...]
    history: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosVerdict:
    """The result: every event, and the violations that are not about one event, with a text."""

    events: tuple[CheckedEvent, ...]
    others: tuple[tuple[Violation, str], ...]
    #: kinds of faults that never hit a call although they had to
    never_hit: tuple[str, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Whether there is no violation."""
        return not self.others and not self.never_hit and not any(event.violations for event in self.events)

    def count(self, what: FinalState | Violation) -> int:
        """Count the events with a final state, or the violations of a kind."""
        at_events = sum(what in (event.state, *event.violations) for event in self.events)
        return at_events + sum(violation is what for violation, _text in self.others)


def check(record: ChaosRecord) -> ChaosVerdict:
    """Check a run."""
    poison = [read_poison(text) for text in record.poison]
    entries = _entries_by_meeting(record)
    lines: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in record.lines:
        if line.get("event") == "event.decided":
            lines[str(line.get("event_id"))].append(line)
    facts = [
        facts_of(record, name, entries[name], lines[record.graph.ids[name]], poison)
        for name in record.graph.ids
    ]
    return ChaosVerdict(
        events=tuple(map(_check_event, facts)),
        others=tuple(_other_violations(record, facts, poison)),
        never_hit=_never_hit(record),
    )


def hits(record: ChaosRecord) -> Counter[str]:
    """Count how often each kind of fault, and each habit, had an effect."""
    found = Counter(entry.kind for entry in record.entries if isinstance(entry, FaultHit))
    return found + habit_hits(record)


def _entries_by_meeting(record: ChaosRecord) -> dict[str, list[Entry]]:
    """Return the entries about each event, with the deaths of hosts that were writing to it.

    What a host sent just before its death may arrive after it, even after a step of the clock, but before a
    new process of the host is started.
    """
    found: dict[str, list[Entry]] = defaultdict(list)
    at_work: dict[int, dict[str, Entry]] = defaultdict(dict)
    deaths: dict[int, HostKilled | FaultHit] = {}
    for entry in record.entries:
        meeting = "" if isinstance(entry, HostKilled) else entry.meeting
        if meeting:
            found[meeting].append(entry)
        if isinstance(entry, WriteSent | RowWritten):
            at_work[entry.host][meeting] = entry
            death = deaths.get(entry.host)
            if death and not any(
                one.host == entry.host and death.at < one.at <= entry.at for one in record.processes.starts
            ):
                found[meeting].append(death)
        elif is_death(entry):
            deaths[entry.host] = entry
            for other, written in at_work.pop(entry.host, {}).items():
                if other != meeting and entry.at - written.at < MESSAGE_TIME:
                    found[other].append(entry)
    return found


def _dropped(facts: EventEvidence) -> bool:
    """Return whether a message about the event ended without a final reason and left no message behind.

    The messages that follow one another have the same trace, and all queues are empty.
    """
    last = {line.get("trace"): line for line in sorted(facts.lines, key=lambda line: str(line["at"]))}
    return any(line["outcome"] == AGAIN for line in last.values())


def _check_event(facts: EventEvidence) -> CheckedEvent:
    return CheckedEvent(
        meeting=facts.meeting,
        state=_final_state(facts),
        violations=tuple(dict.fromkeys([*_write_violations(facts), *_end_violations(facts)])),
        faults=tuple(sorted({entry.kind for entry in facts.entries if isinstance(entry, FaultHit)})),
        history=tuple(history(facts)),
    )


def _write_violations(facts: EventEvidence) -> Iterator[Violation]:
    """Yield how the writes to the event broke a promise."""
    steps: list[Step] = []
    is_wanted = facts.wants_link_at_first
    for entry in facts.entries:
        match entry:
            case ActionDone(action=UserAction.INVITE):
                is_wanted = True
            case ActionDone(action=UserAction.REMOVE_LINK, was_online=True):
                steps.append(LinkRemoved())
            case WriteSent(was_accepted=True) if not facts.is_forgotten(entry):
                steps.append(
                    Patch(was_online=entry.was_online, is_online=entry.is_online, is_wanted=is_wanted)
                )
    yield from judge_writes(steps)


def _end_violations(facts: EventEvidence) -> Iterator[Violation]:
    if facts.is_removed and facts.final.is_online and not facts.final.is_gone:
        yield Violation.RE_ADDED
    writes = sum(isinstance(e, WriteSent) and e.is_online and not e.was_online for e in facts.entries)
    lines = sum(line["outcome"] == "enabled" for line in facts.lines)
    is_missing = writes == 1 and lines == 0 and not _may_have_no_line(facts)
    if lines > writes or (is_missing and facts.is_wanted and facts.final.is_online):
        yield Violation.MISCOUNTED
    if _dropped(facts):
        yield Violation.DROPPED
    if facts.is_held and not facts.final.is_online and not facts.may_be_held:
        yield Violation.HELD_WITHOUT_CAUSE
    if AllowedEnd.POISON in facts.allowed and facts.poison:
        return
    if is_lost(_end(facts)):
        yield Violation.LOST


def _may_have_no_line(facts: EventEvidence) -> bool:
    """Return whether the write may have no `enabled` line.

    It may have none if the process died before it could log, if it could not know that its row was written,
    or if the join URL came later.
    """
    is_late = any(line["outcome"] == "not_honored" for line in facts.lines)
    return facts.has_died or facts.is_row_unconfirmed or is_late


def _end(facts: EventEvidence) -> End:
    reasons = [line["reason"] for line in facts.lines if says_how_it_ended(line["reason"])]
    reason = "write_unknown" if facts.is_held else next(reversed(reasons), "")
    seen = Seen(not_honored=facts.not_honored, may_be_held=facts.may_be_held)
    final = FINAL_REASONS.get(reason)
    return End(
        is_wanted=facts.is_wanted,
        is_online=facts.final.is_online,
        reason=reason,
        is_justified=final is not None and final.is_justified(seen),
    )


def _final_state(facts: EventEvidence) -> FinalState:
    if facts.final.is_online and not facts.final.is_gone:
        return FinalState.LINK
    if facts.is_held and facts.is_wanted:
        return FinalState.HELD
    if facts.poison:
        return FinalState.POISON
    return FinalState.GAVE_UP if facts.is_wanted and facts.not_honored else FinalState.NO_LINK


def _other_violations(
    record: ChaosRecord, facts: Sequence[EventEvidence], poison: Sequence[PoisonedMessage]
) -> Iterator[tuple[Violation, str]]:
    """Yield the violations that are not about one event."""
    refused = {one.event for one in facts if AllowedEnd.POISON in one.allowed}
    deaths = sum(map(is_death, record.entries))
    for message in poison:
        if not message.is_allowed(is_refused=message.event in refused, deaths=deaths):
            yield Violation.POISONED, message.text
    for queue, waiting in record.waiting.items():
        if waiting:
            yield Violation.UNFINISHED, f"{waiting} messages are left on {queue}"
    for trace in _without_line(record):
        yield Violation.DROPPED, f"a message that the webhook queued has no line; its trace is {trace}"
    for text in record.processes.stuck:
        yield Violation.STUCK, text


def _without_line(record: ChaosRecord) -> Iterator[str]:
    """Yield the traces that the webhook logged, but no host that had the message."""
    decided = {line.get("trace") for line in record.lines if line.get("event") in _LINES}
    for line in record.lines:
        if line.get("event") == "notification.received":
            yield from (trace for trace in line["traces"] if trace not in decided)


def _never_hit(record: ChaosRecord) -> tuple[str, ...]:
    hit = hits(record)
    missing = tuple(kind for kind in ALL_KINDS if not hit[kind])
    is_weak = record.plan.changes >= HITS_MOST_KINDS and len(missing) > len(ALL_KINDS) / 2
    return missing if is_weak or record.plan.changes >= HITS_EVERY_KIND else ()
