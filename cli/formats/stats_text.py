"""The numbers of `joinlink stats` as text: outcomes with their reasons, rules, tasks, and days."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.lines import Line
from cli.output import console, counted
from shared.desk.app_log.endings import EndingCounts, LoggedEnding, last_days
from shared.domain.decision import Level, Outcome, Reason

_Key = TypeVar("_Key")
#: days that are listed, the newest ones
_MOST_DAYS = 31
_MOST_RULES = 50
_BAR = 20
_REASONS = frozenset(Reason)
_STYLES = {Level.INFO: "", Level.WARNING: "warn", Level.ERROR: "bad"}


def show(counts: EndingCounts) -> None:
    """Print the numbers."""
    out = console()
    if counts.first and counts.last and counts.numbers:
        first, last = (f"{moment:%Y-%m-%d %H:%M}" for moment in (counts.first, counts.last))
        out.print(Text(f"{first} to {last} UTC", "bold"))
        events = {ending: number for ending, number in counts.numbers.items() if not ending.task}
        tasks = {ending: number for ending, number in counts.numbers.items() if ending.task}
        if events:
            _show_part(
                out, counted(sum(events.values()), "message") + " about events", list(_reasons(events))
            )
            _show_part(out, "by rule", list(_rules(events)))
            _show_part(out, "by day (UTC)", list(_days(counts, events)))
        if tasks:
            _show_part(out, counted(sum(tasks.values()), "task") + " for mailboxes", list(_tasks(tasks)))
    else:
        out.print("No message ended in this log and time.")
    if counts.unread:
        out.print(
            f"{counted(counts.unread, 'line')} of the input not counted: they are not lines of Joinlink's"
            " log.",
            style="warn",
        )


def _show_part(out: Console, title: str, rows: list[Line]) -> None:
    if rows:
        out.print()
        out.print(Text(title, "bold"))
        lines.show(out, rows, indent=2)


def _sums(numbers: dict[LoggedEnding, int], key: Callable[[LoggedEnding], _Key]) -> list[tuple[_Key, int]]:
    """Return the sum for each key, the largest first."""
    sums: Counter[_Key] = Counter()
    for ending, number in numbers.items():
        sums[key(ending)] += number
    return sums.most_common()


def _reasons(events: dict[LoggedEnding, int]) -> Iterator[Line]:
    total = sum(events.values())
    for outcome, of_outcome in _sums(events, lambda ending: ending.outcome):
        yield Line(Text(outcome or "(none)", "bold"), Text(f"{of_outcome:>9,}  {_share(of_outcome, total)}"))
        chosen = {ending: number for ending, number in events.items() if ending.outcome == outcome}
        for reason, number in _sums(chosen, lambda ending: ending.reason):
            yield Line(Text(f"  {reason}", _style(outcome, reason)), Text(f"{number:>9,}"))


def _rules(events: dict[LoggedEnding, int]) -> Iterator[Line]:
    rules = [rule for rule, _number in _sums(events, lambda ending: ending.rule) if rule]
    for rule in rules[:_MOST_RULES]:
        chosen = {ending: number for ending, number in events.items() if ending.rule == rule}
        parts = (f"{number:,} {outcome}" for outcome, number in _sums(chosen, lambda ending: ending.outcome))
        yield Line(Text(rule, "rule"), Text(", ".join(parts)))
    if len(rules) > _MOST_RULES:
        yield Line(Text(f"and {len(rules) - _MOST_RULES} more: --json has all"))


def _days(counts: EndingCounts, events: dict[LoggedEnding, int]) -> Iterator[Line]:
    shown, earlier = last_days(counts, _MOST_DAYS)
    if len(shown) < 2:  # noqa: PLR2004 -- one day is the whole
        return
    all_of = Counter(dict(_sums(events, lambda ending: ending.day)))
    if earlier:
        yield Line(Text(f"{earlier:,} earlier days: --json has all", "dim"))
    most = max((all_of[day] for day in shown), default=0)
    for day in shown:
        bar = "█" * (all_of[day] * _BAR // most if most else 0)
        links = _links(events, day)
        yield Line(Text(f"{day:%a %Y-%m-%d}"), Text(f"{all_of[day]:>9,}  {bar}{links}".rstrip()))


def _links(events: dict[LoggedEnding, int], day: date) -> str:
    added = sum(
        number for ending, number in events.items() if ending.day == day and ending.outcome == Outcome.ENABLED
    )
    return f" {counted(added, 'link')}" if added else ""


def _tasks(tasks: dict[LoggedEnding, int]) -> Iterator[Line]:
    for (task, outcome, reason), number in _sums(
        tasks, lambda ending: (ending.task, ending.outcome, ending.reason)
    ):
        text = Text(f"{task}: {outcome}, {reason}", _style(outcome, reason))
        yield Line(text, Text(f"{number:>9,}"))


def _share(number: int, total: int) -> str:
    return f"{100 * number / total:.0f} %"


def _style(outcome: str, reason: str) -> str:
    """Return the style of a reason's level: what an admin can fix stands out."""
    if outcome == Outcome.FAILED:
        return "bad"
    return _STYLES[Reason(reason).level] if reason in _REASONS else ""
