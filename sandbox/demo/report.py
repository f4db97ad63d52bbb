"""The verdict as an admin reads it."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sandbox.demo.columns import MEDIUM, WIDE, Column, table
from sandbox.demo.verdict import Budget, CaseVerdict, Verdict
from sandbox.demo.words import counted, first_name, link_text, story_text


def report(console: Console, verdict: Verdict, *, files: Iterable[Path], took_seconds: float) -> None:
    """Print the verdict; its last line says it all."""
    width = console.width
    console.print()
    console.print(Rule("[bold]The verdict", align="left", style="dim"))
    console.print(table(_CASES, verdict.cases, width))
    console.print()
    console.print(table(_BUDGETS, verdict.budgets, width))
    console.print()
    console.print(table(_TROUBLES, [case for case in verdict.cases if case.troubles], width))
    console.print()
    console.print(_facts(verdict))
    console.print()
    for path in files:
        console.print(f"  {path}", soft_wrap=True)
    console.print()
    for complaint in verdict.case_complaints:  # the tables above mark the others
        console.print(Text(f"✗ {complaint}", style="red"), soft_wrap=True)
    console.print(_last_line(verdict, took_seconds))


def _facts(verdict: Verdict) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for fact in verdict.facts:
        table.add_row(_tick(holds=fact.holds), Text(fact.text))
    return table


def _troubles(case: CaseVerdict) -> str:
    return ", ".join(f"{count} x {what}" for what, count in Counter(case.troubles).items())


def _name(case: CaseVerdict) -> str:
    return f"{first_name(case.meeting.scene.who)}, {case.meeting.scene.subject}"


def _last_line(verdict: Verdict, took_seconds: float) -> Text:
    total = len(verdict.cases)
    if not verdict.complaints:
        return Text(
            f"✓ All {total} meetings ended as they should, in {took_seconds:.0f} seconds.", style="bold green"
        )
    wrong = sum(bool(case.complaints) for case in verdict.cases)
    return Text(
        f"✗ Not as it should be: {counted(len(verdict.complaints), 'complaint')};"
        f" {wrong} of {total} meetings ended otherwise.",
        style="bold red",
    )


def _tick(*, holds: bool) -> Text:
    return Text("✓", style="green") if holds else Text("✗", style="bold red")


_CASES: tuple[Column[CaseVerdict], ...] = (
    Column("", lambda case: _tick(holds=not case.complaints)),
    Column("Who", lambda case: first_name(case.meeting.scene.who), MEDIUM),
    Column("Meeting", lambda case: case.meeting.scene.subject),
    Column("What is special", lambda case: case.meeting.scene.special, WIDE, style="dim"),
    Column("Expected", lambda case: story_text(case.meeting.scene.story)),
    Column("Became", lambda case: story_text(case.story)),
    Column("Link", lambda case: link_text(case.link), MEDIUM),
    Column("Calls", lambda case: str(case.calls), MEDIUM, justify="right"),
    Column("PATCH", lambda case: str(case.patches or "·"), WIDE, justify="right"),
)
_BUDGETS: tuple[Column[Budget], ...] = (
    Column("", lambda budget: _tick(holds=budget.is_kept)),
    Column("Graph calls for", lambda budget: budget.kind),
    Column("Budget", lambda budget: str(budget.allowed), justify="right"),
    Column("Most spent", lambda budget: str(budget.most), justify="right"),
    Column("Messages", lambda budget: str(budget.messages), justify="right"),
)
#: Events that cost more because Graph made it hard, and how it did.
_TROUBLES: tuple[Column[CaseVerdict], ...] = (
    Column("", lambda _case: ""),
    Column("Where Graph made it hard", _name),
    Column("Calls", lambda case: str(case.calls), justify="right"),
    Column("Graph's answers", _troubles),
)
