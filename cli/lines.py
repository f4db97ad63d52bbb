"""The lines of a decision, as `explain` and `test` show them: a mark, what is expected, what the event has.

✓ holds   ✗ fails   · can't be told
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from cli.clean import flat
from cli.output import cleaned
from shared.rules.explain import ConditionLine, GuardLine, RuleLine
from shared.rules.truth import Truth

_MARKS: dict[Truth, tuple[str, str]] = {True: ("✓", "good"), False: ("✗", "bad"), None: ("·", "warn")}
_STEP = "  "
#: stands before the line that decided
DECIDED = ("▶ ", "mark")
#: how wide the left column is at most; the right one keeps so many columns, or half of a narrow terminal
_MOST_LEFT = 46
_RIGHT = 28
_GAP = 2
#: a column is never narrower, however narrow the terminal
_LEAST = 10


@dataclass(frozen=True, slots=True)
class Line:
    """Left, what is asked; right, what the event says to it."""

    left: Text
    right: Text = field(default_factory=Text)


def mark(truth: Truth) -> Text:
    """Return the sign of a truth."""
    return Text.assemble(_MARKS[truth])


def of_guard(guard: GuardLine) -> Line:
    """Return a guard's line; one that holds, and comes too late to decide, is marked all the same."""
    sign = DECIDED if guard.decided else ("■ ", "mark") if guard.holds else "  "
    left = Text.assemble(sign, (guard.reason.value, "bold" if guard.holds else ""))
    return Line(left, Text(guard.why, "" if guard.holds else "dim"))


def of_rule(rule: RuleLine) -> Iterator[Line]:
    """Yield the lines of a rule's conditions."""
    yield from _block("when", rule.when, {True: "is met", False: "is not met", None: "can't be told"})
    if rule.unless is not None:
        met = "is met, so the rule does not match"
        yield from _block("unless", rule.unless, {True: met, False: "is not met", None: "can't be told"})


def _block(word: str, condition: ConditionLine, told: dict[Truth, str]) -> Iterator[Line]:
    if condition.name == "all" and not condition.children:
        yield Line(Text.assemble((word, "bold"), " every event"))
        return
    yield Line(Text.assemble((word, "bold"), f" {told[condition.holds]}"))
    for child in condition.children if condition.name == "all" else (condition,):
        yield from _condition(child, 1)


def _condition(condition: ConditionLine, depth: int) -> Iterator[Line]:
    if condition.name == "all" and len(condition.children) == 1:
        yield from _condition(condition.children[0], depth)  # one key of a block joins nothing
        return
    left = Text.assemble(_STEP * depth, mark(condition.holds), " ")
    expected = flat(condition.expected)
    if condition.children:
        yield Line(left.append(expected))
    else:
        yield Line(left.append(f"{condition.name} ").append(expected, "dim"), Text(flat(condition.actual)))
    for child in condition.children:
        yield from _condition(child, depth + 1)


def show(out: Console, lines: list[Line], *, indent: int = 0) -> None:
    """Print the lines in two columns. What is too long for its column goes on in the next line."""
    begin = max(out.width // 2, out.width - _RIGHT)
    most = _MOST_LEFT if out.soft_wrap else min(_MOST_LEFT, max(begin - indent - _GAP, 0))
    widths = [line.left.cell_len for line in lines if line.right]
    column = indent + _GAP + max((width for width in widths if width <= most), default=most)
    for line in lines:
        # Before they are wrapped: a line break in them would be taken for one of ours.
        left = Text(" " * indent) + cleaned(line.left)
        _show(out, left, cleaned(line.right), column)


def _show(out: Console, left: Text, right: Text, column: int) -> None:
    if not right:
        _hang(out, left, Text(), 0)
        return
    if left.cell_len + _GAP > column:
        _hang(out, left, Text(), 0)
        left = Text()
    left.append(" " * (column - left.cell_len))
    _hang(out, left, right, column)


def _hang(out: Console, left: Text, right: Text, column: int) -> None:
    """Print left and right; on a terminal, break the last of them so that it keeps its column."""
    if not right:
        lead = len(left.plain) - len(left.plain.lstrip(" "))
        left, right = Text(" " * lead), left[lead:]
        column = lead + len(_STEP)
    if out.soft_wrap:
        out.print(left + right)
        return
    first, *more = right.wrap(out, max(out.width - column, _LEAST))
    out.print(left + first)
    for part in more:
        out.print(Text(" " * column) + part)
