"""Prints the verdict for an admin."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sandbox.demo.budgets import CallBudget
from sandbox.demo.progress import WIDE
from sandbox.demo.texts import counted, endings_text, link_text
from sandbox.demo.verdict import CheckedFact, DayVerdict, SceneVerdict


def report(console: Console, verdict: DayVerdict, *, files: Iterable[Path], took_seconds: float) -> None:
    """Print the verdict; the last line is the overall result."""
    console.print(Rule("[bold]The verdict", align="left", style="dim"))
    for table in (
        _scenes(verdict.scenes, is_wide=console.width >= WIDE),
        _budgets(verdict.budgets),
        _facts(verdict.facts),
    ):
        console.print(table, "")
    for path in files:
        console.print(f"  {path}", soft_wrap=True)
    for complaint in verdict.scene_complaints:  # the tables above mark the others
        console.print(Text(f"✗ {complaint}", style="red"), soft_wrap=True)
    console.print("", _last_line(verdict, took_seconds), sep="\n")


def _scenes(scenes: Sequence[SceneVerdict], *, is_wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold dim")
    more = ("Link", "Calls", "PATCHes", "Graph errors") if is_wide else ()
    for title in ("", "Meeting", "Expected", "Result", *more):
        is_number = title in {"Calls", "PATCHes"}
        table.add_column(title, no_wrap=title != "Meeting", justify="right" if is_number else "left")
    for one in scenes:
        scene = one.played.scene
        name = Text(f"{scene.who.split()[0]}, {scene.subject}" if is_wide else scene.subject)
        cells = (name, endings_text(scene.endings), endings_text(one.endings))
        errors = ", ".join(f"{count} x {what}" for what, count in Counter(one.errors).items())
        numbers = (link_text(one.link), str(one.calls), str(one.patches or "·"), errors)
        table.add_row(_mark(holds=not one.complaints), *cells, *(numbers if is_wide else ()))
    return table


def _budgets(budgets: Sequence[CallBudget]) -> Table:
    table = Table("", "Graph calls for", box=None, pad_edge=False, header_style="bold dim")
    for title in ("Budget", "Most used", "Messages"):
        table.add_column(title, justify="right")
    for one in budgets:
        numbers = map(str, (one.allowed, one.most, one.messages))
        table.add_row(_mark(holds=one.is_kept), one.kind, *numbers)
    return table


def _facts(facts: Sequence[CheckedFact]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for fact in facts:
        table.add_row(_mark(holds=fact.holds), Text(fact.text))
    return table


def _last_line(verdict: DayVerdict, took_seconds: float) -> Text:
    total = len(verdict.scenes)
    if not verdict.complaints:
        text = f"✓ All {total} meetings ended as expected, in {took_seconds:.0f} seconds."
        return Text(text, style="bold green")
    good = sum(not scene.complaints for scene in verdict.scenes)
    problems = counted(len(verdict.complaints), "problem")
    return Text(f"✗ {problems}; {good} of {total} meetings ended as expected.", style="bold red")


def _mark(*, holds: bool) -> Text:
    return Text("✓", style="green") if holds else Text("✗", style="bold red")
