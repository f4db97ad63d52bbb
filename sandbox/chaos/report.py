"""The result of a run, printed and as JSON."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.chaos.checker import ChaosVerdict, CheckedEvent, FinalState
from sandbox.chaos.record import ChaosRecord, FaultHit
from sandbox.promises import Violation

_SHOWN = 3
_LONGEST = 200
_ALWAYS_SHOWN = {Violation.DOUBLED, Violation.RE_ADDED, Violation.LOST, Violation.POISONED}


def report(console: Console, record: ChaosRecord, verdict: ChaosVerdict) -> None:
    """Print faults, final states and violations, and the history of some events with violations."""
    hits = Counter(entry.kind for entry in record.entries if isinstance(entry, FaultHit))
    console.print(
        f"{record.plan.changes} changes to {len(verdict.events)} events, {hits.total()} faults of "
        f"{len(hits)} kinds, {verdict.writes} writes took effect."
    )
    table = Table("result", "events", box=None)
    for state in FinalState:
        table.add_row(state, str(verdict.count(state)))
    for violation in Violation:
        count = verdict.count(violation)
        if count or violation in _ALWAYS_SHOWN:
            table.add_row(violation, str(count), style="red" if count else None)
    console.print(table)
    for violation in Violation:
        events = [event for event in verdict.events if violation in event.violations]
        for event in sorted(events, key=lambda one: len(one.history))[:_SHOWN]:
            _print_history(console, violation, event)
    for violation, text in verdict.others[:_SHOWN]:
        console.print(f"{violation}: {text[:_LONGEST]}", style="red", markup=False)
    for event in verdict.events:
        if event.state is FinalState.HELD:
            _print_history(console, "held", event)
    passed = "Passed: Joinlink kept its promises."
    console.print(passed if verdict.has_passed else "Failed: Joinlink broke a promise.", style="bold")


def write(path: Path, record: ChaosRecord, verdict: ChaosVerdict) -> None:
    """Write the result as JSON."""
    found: dict[str, Any] = {
        "seed": record.plan.seed,
        "kept": verdict.has_passed,
        "ends": {state: verdict.count(state) for state in FinalState},
        "breaches": {violation: verdict.count(violation) for violation in Violation},
        "writes": verdict.writes,
        "others": list(verdict.others),
        "events": [
            {
                "meeting": event.meeting,
                "end": event.state,
                "breaches": event.violations,
                "struck_by": event.faults,
                "story": event.history,
            }
            for event in verdict.events
        ],
    }
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _print_history(console: Console, what: str, event: CheckedEvent) -> None:
    console.print(f"{what}: {event.meeting}", style="bold")
    for line in event.history:
        console.print(f"  {line}", markup=False, soft_wrap=True)
