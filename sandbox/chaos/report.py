"""The result of a run: as text on the terminal, and as JSON."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.chaos.checker import ChaosVerdict, CheckedEvent, FinalState, hits
from sandbox.chaos.record import ChaosRecord, FaultHit, WriteSent
from sandbox.faults.fault import AllowedEnd
from sandbox.faults.habits import ALL_KINDS
from sandbox.faults.kinds import ALL_FAULTS
from sandbox.promises import Violation

_SHOWN, _SHOWN_HELD = 3, 3
_DOUBTS = {fault.kind for fault in ALL_FAULTS if AllowedEnd.HELD in fault.allows}
_LONGEST = 200
_ALWAYS_SHOWN = {Violation.LOST, Violation.DOUBLED, Violation.RE_ADDED, Violation.DROPPED, Violation.POISONED}


def report(console: Console, record: ChaosRecord, verdict: ChaosVerdict) -> None:
    """Print the figures, the violations, and the shortest history for each kind of violation."""
    _print_table(console, "run", _figures(record, verdict))
    _print_table(console, "final state", ((state, verdict.count(state)) for state in FinalState))
    decided = Counter(
        f"{line['outcome']} / {line['reason']}"
        for line in record.lines
        if line.get("event") == "event.decided"
    )
    _print_table(console, "outcome / reason", decided.most_common())
    found = hits(record)
    faults = ((kind, found[kind]) for kind in ALL_KINDS)
    _print_table(console, "fault", sorted(faults, key=lambda one: -one[1]))
    held = [event for event in verdict.events if event.state is FinalState.HELD]
    _print_table(console, "held because of", Counter(_causes(held)).most_common())
    counts = [(violation, verdict.count(violation)) for violation in Violation]
    shown = [(one, count) for one, count in counts if count or one in _ALWAYS_SHOWN]
    _print_table(console, "broken promise", shown, is_bad=True)
    for event in sorted(held, key=lambda one: len(one.history))[:_SHOWN_HELD]:
        _print_history(console, "held", event)
    _print_violations(console, verdict)


def _print_violations(console: Console, verdict: ChaosVerdict) -> None:
    """Print what broke a promise, at the end, where a long log is read first."""
    for violation in Violation:
        events = [event for event in verdict.events if violation in event.violations]
        for event in sorted(events, key=lambda one: len(one.history))[:_SHOWN]:
            _print_history(console, violation, event)
    for violation, text in verdict.others[:_SHOWN]:
        console.print(f"{violation}: {text[:_LONGEST]}", style="red", markup=False)
    if verdict.never_hit:
        console.print(f"never hit: {', '.join(verdict.never_hit)}", style="red")
    broken = [f"{count} {one}" for one in Violation if (count := verdict.count(one))]
    why = ", ".join([*broken, *([f"{len(verdict.never_hit)} never hit"] if verdict.never_hit else [])])
    passed = "Passed: Joinlink kept its promises."
    console.print(passed if verdict.has_passed else f"Failed: Joinlink broke a promise: {why}.", style="bold")


def write(path: Path, record: ChaosRecord, verdict: ChaosVerdict) -> None:
    """Write the result as JSON."""
    found: dict[str, Any] = {
        "seed": record.plan.seed,
        "passed": verdict.has_passed,
        "figures": dict(_figures(record, verdict)),
        "final_states": {state: verdict.count(state) for state in FinalState},
        "violations": {violation: verdict.count(violation) for violation in Violation},
        "faults": dict(hits(record)),
        "never_hit": verdict.never_hit,
        "others": list(verdict.others),
        "events": [
            {
                "meeting": event.meeting,
                "final_state": event.state,
                "violations": event.violations,
                "faults": event.faults,
                "history": event.history,
            }
            for event in verdict.events
        ],
    }
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _figures(record: ChaosRecord, verdict: ChaosVerdict) -> Iterator[tuple[str, int]]:
    plan, graph, processes = record.plan, record.graph, record.processes
    writes = [entry for entry in record.entries if isinstance(entry, WriteSent)]
    yield "changes by people", plan.changes
    yield "events", len(verdict.events)
    yield "mailboxes", plan.people
    for fate in ("sent", "lost", "doubled", "late", "refused", "dropped"):
        yield f"notifications {fate}", graph.notifications.get(fate, 0)
    yield "PATCHes", len(writes)
    yield "PATCHes that took effect", sum(one.is_online and not one.was_online for one in writes)
    yield "most calls to Graph for one event", max(graph.calls.values(), default=0)
    yield "hosts killed at random", len(processes.kills)
    yield "of these told to stop before", processes.stops
    yield "storage killed", len(processes.storage_crashes)
    yield "faults", sum(isinstance(entry, FaultHit) for entry in record.entries)
    yield "kinds of faults", len(hits(record))
    yield "messages left", sum(record.waiting.values())
    yield "poisoned with a cause", len(record.poison) - verdict.count(Violation.POISONED)


def _causes(held: list[CheckedEvent]) -> Iterator[str]:
    for event in held:
        yield from [kind for kind in event.faults if kind in _DOUBTS] or ["a process that died"]


def _print_table(console: Console, title: str, rows: Any, *, is_bad: bool = False) -> None:
    table = Table(title, "", box=None)
    table.columns[1].justify = "right"
    for name, count in rows:
        table.add_row(str(name), f"{count:,}", style="red" if is_bad and count else None)
    console.print(table)


def _print_history(console: Console, what: str, event: CheckedEvent) -> None:
    console.print(f"{what}: {event.meeting}", style="bold")
    for line in event.history:
        console.print(f"  {line}", markup=False, soft_wrap=True)
