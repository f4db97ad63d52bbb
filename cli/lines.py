"""Prints lines in two columns."""

from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.output import cleaned
from shared.rules.truth import Truth

_MARKS: dict[Truth, tuple[str, str]] = {True: ("✓", "good"), False: ("✗", "bad"), None: ("·", "warn")}
#: the maximum width of the left column; the right one gets at least this width, or half of a narrow terminal
_MAX_LEFT = 46
_RIGHT = 28
_GAP = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of two columns."""

    left: Text
    right: Text = field(default_factory=Text)


def mark(truth: Truth) -> Text:
    """Return the mark of a result: ✓, ✗, or · for unknown."""
    return Text.assemble(_MARKS[truth])


def show(out: Console, lines: list[Line], *, indent: int = 0) -> None:
    """Print the lines in two columns; a left text without a right one may use the whole width.

    On a terminal, a text that is too long for its column continues below. If a word of the left text is, such
    as an id, the left text has a line of its own, so that the word can be copied whole. In a pipe, no line
    breaks.
    """
    room = out.width - indent
    most = _MAX_LEFT if out.soft_wrap else min(_MAX_LEFT, max(room // 2, room - _RIGHT))
    column = min(max((line.left.cell_len for line in lines if line.right), default=0), most)
    for line in lines:
        # Cleaned here: rich keeps the line breaks of a text.
        left, right = cleaned(line.left), cleaned(line.right)
        if out.soft_wrap:
            gap = " " * (max(column - left.cell_len, 0) + _GAP) if right else ""
            out.print(Text.assemble(" " * indent, left, gap, right))
            continue
        depth = len(left.plain) - len(left.plain.lstrip(" "))
        if right and left.cell_len > column and _longest_word(left.plain) > column - depth - _GAP:
            out.print(Padding(left[depth:], (0, 0, 0, indent + depth), expand=False))
            left = left[:depth]
        row = _row(left[depth:], right, column - depth) if right else left[depth:]
        out.print(Padding(row, (0, 0, 0, indent + depth), expand=False))


def show_to_copy(out: Console, text: Text, *, indent: int = 0) -> None:
    """Print a text on one line whatever its length: a terminal that wraps it copies it whole."""
    out.print(Text(" " * indent).append_text(text), soft_wrap=True)


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def _row(left: Text, right: Text, column: int) -> Table:
    row = Table.grid(padding=(0, _GAP, 0, 0))
    row.add_column(width=column, overflow="fold")
    row.add_column(overflow="fold")
    row.add_row(left, right)
    return row
