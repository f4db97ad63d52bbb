"""What a play came to, for a person to read and as JSON."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.chaos.judge import Breach, ChaosVerdict, Fate, JudgedEvent
from sandbox.chaos.record import ChaosRecord, Strike

_SHOWN = 3
_LONGEST = 200


def report(console: Console, record: ChaosRecord, verdict: ChaosVerdict) -> None:
    """Print the verdict: faults, ends and breaches, and the story of the first events of each breach."""
    struck = Counter(entry.kind for entry in record.entries if isinstance(entry, Strike))
    console.print(
        f"{record.plan.changes} changes to {len(verdict.events)} events, {struck.total()} faults of "
        f"{len(struck)} kinds, {verdict.writes} writes that took effect."
    )
    table = Table("ends", "events", box=None)
    for fate in Fate:
        table.add_row(fate, str(verdict.count(fate)))
    for breach in Breach:
        found = verdict.count(breach)
        if found or breach in {Breach.DOUBLED, Breach.RE_ADDED, Breach.LOST, Breach.POISONED}:
            table.add_row(breach, str(found), style="red" if found else None)
    console.print(table)
    for breach in Breach:
        guilty = [event for event in verdict.events if breach in event.breaches]
        for event in sorted(guilty, key=lambda one: len(one.story))[:_SHOWN]:
            _tell(console, breach, event, event.story)
    for breach, text in verdict.others[:_SHOWN]:
        console.print(f"{breach}: {text[:_LONGEST]}", style="red", markup=False)
    for event in verdict.held():
        _tell(console, "held", event, event.evidence)
    console.print("The law was kept." if verdict.is_kept else "The law was broken.", style="bold")


def write(path: Path, record: ChaosRecord, verdict: ChaosVerdict) -> None:
    """Write the verdict as JSON."""
    found: dict[str, Any] = {
        "seed": record.plan.seed,
        "kept": verdict.is_kept,
        "ends": {fate: verdict.count(fate) for fate in Fate},
        "breaches": {breach: verdict.count(breach) for breach in Breach},
        "writes": verdict.writes,
        "others": list(verdict.others),
        "events": [
            {
                "meeting": event.meeting,
                "end": event.fate,
                "breaches": event.breaches,
                "struck_by": event.struck_by,
                "evidence": event.evidence,
                "story": event.story,
            }
            for event in verdict.events
        ],
    }
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _tell(console: Console, what: str, event: JudgedEvent, story: tuple[str, ...]) -> None:
    console.print(f"{what}: {event.meeting}", style="bold")
    for line in story:
        console.print(f"  {line}", markup=False, soft_wrap=True)
