"""Prints lines in two columns."""

from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from cli.output import cleaned
from shared.rules.truth import Truth

_MARKS: dict[Truth, tuple[str, str]] = {True: ("✓", "good"), False: ("✗", "bad"), None: ("·", "warn")}
_CONTINUATION = "  "
#: the maximum width of the left column; the right one has at least this width, or half of a narrow terminal
_MAX_LEFT = 46
_RIGHT = 28
_GAP = 2
#: the minimum width of a column
_MIN_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A line of two columns."""

    left: Text
    right: Text = field(default_factory=Text)


def mark(truth: Truth) -> Text:
    """Return the mark of a result: ✓, ✗, or · for unknown."""
    return Text.assemble(_MARKS[truth])


def show(out: Console, lines: list[Line], *, indent: int = 0) -> None:
    """Print the lines in two columns. A text that is too long for its column continues on the next line."""
    right_start = max(out.width // 2, out.width - _RIGHT)
    max_left = _MAX_LEFT if out.soft_wrap else min(_MAX_LEFT, max(right_start - indent - _GAP, 0))
    widths = [line.left.cell_len for line in lines if line.right]
    column = indent + _GAP + max((width for width in widths if width <= max_left), default=max_left)
    for line in lines:
        # Cleaned before they are wrapped, because wrapping keeps the line breaks of the texts.
        left = Text(" " * indent) + cleaned(line.left)
        _print_line(out, left, cleaned(line.right), column)


def _print_line(out: Console, left: Text, right: Text, column: int) -> None:
    if not right:
        _print_wrapped(out, left, Text(), 0)
        return
    if left.cell_len + _GAP > column:
        _print_wrapped(out, left, Text(), 0)
        left = Text()
    left.append(" " * (column - left.cell_len))
    _print_wrapped(out, left, right, column)


def _print_wrapped(out: Console, left: Text, right: Text, column: int) -> None:
    """Print left and right. On a terminal, wrap the last of them within its column."""
    if not right:
        lead = len(left.plain) - len(left.plain.lstrip(" "))
        left, right = Text(" " * lead), left[lead:]
        column = lead + len(_CONTINUATION)
    if out.soft_wrap:
        out.print(left + right)
        return
    first, *more = right.wrap(out, max(out.width - column, _MIN_WIDTH))
    out.print(left + first)
    for part in more:
        out.print(Text(" " * column) + part)
