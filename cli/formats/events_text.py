"""A list of events as text: when each is, what happens to it and why, and its id to copy."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.clean import flat
from cli.explained_event import Explained
from cli.formats.verdict_text import hours, verdict_text
from cli.lines import Line
from cli.output import console, counted
from shared.domain.decision import Verdict
from shared.domain.event import Event
from shared.rules.explain import Explanation

_INDENT = 4
_MARKS = {Verdict.ENABLE: ("✓ ", "good"), Verdict.WOULD_ENABLE: ("○ ", "warn")}


def show(events: Sequence[Explained], *, with_subjects: bool, numbered: bool = False) -> None:
    """Print the events; `numbered` from 1, to choose from."""
    out = console()
    for number, event in enumerate(events, start=1):
        _show(out, event, with_subjects=with_subjects, number=f"{number:>3}  " if numbered else "")
    verdicts = [event.explanation.decision.verdict for event in events]
    links, would = verdicts.count(Verdict.ENABLE), verdicts.count(Verdict.WOULD_ENABLE)
    out.print()
    more = f", {would} more if promoted or without the brake" if would else ""
    get = "gets" if links == 1 else "get"
    out.print(Text(f"{links} of {counted(len(events), 'event')} {get} a join link now{more}.", "bold"))


def _show(out: Console, shown: Explained, *, with_subjects: bool, number: str) -> None:
    event, explanation = shown.explained.event, shown.explanation
    mark = _MARKS.get(explanation.decision.verdict, ("· ", "dim"))
    start = shown.next_start or event.start
    head = Text.assemble(mark, number, (f"{start:%a %Y-%m-%d %H:%M} UTC", "bold"), f"  {_facts(event)}")
    more = [Text(f"in {flat(shown.calendar)}", "rule")] if shown.calendar else []
    more += [Text(flat(event.subject) or "(no subject)")] if with_subjects else []
    together = Text("  ").join([head, *more])
    fits = out.soft_wrap or together.cell_len <= out.width
    lines.show(out, [Line(together if fits else head)])
    lines.show(out, [] if fits else list(map(Line, more)), indent=_INDENT)
    lines.show(out, [Line(verdict_of(explanation))], indent=_INDENT)
    lines.show_to_copy(out, Text(event.id, "dim"), indent=_INDENT)


def verdict_of(explanation: Explanation) -> Text:
    """Return what happens to an event now, and the first reason."""
    decision, guard = explanation.decision, explanation.deciding_guard
    return verdict_text(decision.reason, decision.rule, guard.why if guard else "", decision.enforced_rule)


def _facts(event: Event) -> str:
    parts = [
        "all day" if event.is_all_day else hours(event.end - event.start),
        counted(len(event.attendees), "attendee"),
        "series" if event.type == "seriesMaster" else "",
    ]
    return ", ".join(part for part in parts if part)
