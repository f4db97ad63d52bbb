"""Tables whose columns come and go with the width of the terminal."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from rich.table import Table
from rich.text import Text

MEDIUM, WIDE = 96, 120

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column: what it shows of a row, and the width of the terminal from which there is room for it."""

    title: str
    cell: Callable[[Row], str | Text]
    from_width: int = 0
    least: int = 0
    justify: Literal["left", "right"] = "left"
    style: str = ""


def table(columns: Sequence[Column[Row]], rows: Iterable[Row], width: int) -> Table:
    """Return a table as plain as a printed page. Texts are shown as they are, cut where they don't fit."""
    gap = 2 if width >= WIDE else 1
    shown = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold dim")
    chosen = [column for column in columns if width >= column.from_width]
    for column in chosen:
        shown.add_column(
            column.title,
            justify=column.justify,
            style=column.style,
            min_width=column.least,
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in rows:
        shown.add_row(*(_as_text(column.cell(row)) for column in chosen))
    return shown


def _as_text(cell: str | Text) -> Text:
    return cell if isinstance(cell, Text) else Text(cell)
