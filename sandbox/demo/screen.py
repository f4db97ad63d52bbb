"""What one sees while the day is played: a table that changes, or plain lines where nobody watches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from sandbox.demo.board import Row, Scoreboard, news
from sandbox.demo.columns import MEDIUM, WIDE, Column, table
from sandbox.demo.words import counted, ending_text, first_name, link_text, watching_text
from shared.domain.decision import Outcome

#: What stands on the screen besides rows: headings, the line at the bottom, air.
_FRAME_LINES = 7


class Screen(Protocol):
    """Shows one scoreboard after the other."""

    def __call__(self, board: Scoreboard) -> None:
        """Show it."""


@contextmanager
def screen(console: Console) -> Iterator[Screen]:
    """Return the screen that suits the console: repainted on a terminal, lines of news elsewhere."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Lines(console)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda board: live.update(
            _picture(board, console.width, console.height - _FRAME_LINES), refresh=True
        )


class _Lines:
    """Prints a line for each change of a meeting's standing, or of who is watched."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: tuple[Row, ...] = ()
        self._title = ""
        self._watching = ""

    def __call__(self, board: Scoreboard) -> None:
        if board.title != self._title:
            self._title = board.title
            self._console.print(f"\n{board.now:%H:%M} {board.title}")
        watching = watching_text(board.watched, board.watching)
        if watching != self._watching:
            self._watching = watching
            self._console.print(f"  {board.now:%H:%M:%S}  {watching}", soft_wrap=True)
        for row in news(self._rows, board.rows):
            self._console.print(_line(board, row), soft_wrap=True)
        self._rows = board.rows


def _line(board: Scoreboard, row: Row) -> Text:
    scene = row.meeting.scene
    who = first_name(scene.who)
    start = f"  {board.now:%H:%M:%S}  {who:5} {scene.subject:21} {scene.special:25} "
    return Text.assemble(start, _standing(row))


def _picture(board: Scoreboard, width: int, most_rows: int) -> Group:
    heading = Text.assemble(
        (" Contoso ", "bold reverse"), (f" {board.now:%A, %d %B %Y}  "), (f"{board.now:%H:%M:%S}", "bold")
    )
    heading.append(f"   {board.title}", style="italic")
    rows = table(_COLUMNS, _fitting(board.rows, most_rows), width)
    return Group(heading, Text(), rows, Text(), *_footer(board))


def _fitting(rows: Sequence[Row], most: int) -> Sequence[Row]:
    """Return the rows that fit: the latest, since they are those in motion."""
    return rows[-max(most, 1) :]


def _standing(row: Row) -> Text:
    text = ending_text(row.outcome, row.reason)
    if row.outcome == Outcome.DELAYED and row.again_in_seconds:
        text.append(f", {row.again_in_seconds:.0f} s")
    return text


def _footer(board: Scoreboard) -> tuple[Text, Text]:
    links = sum(row.link is not None for row in board.rows)
    parts = (
        counted(board.notifications, "notification"),
        f"{counted(board.waiting, 'message')} waiting",
        counted(board.calls, "Graph call"),
        counted(board.patches, "PATCH", "PATCHes"),
        counted(links, "join link"),
    )
    texts = watching_text(board.watched, board.watching), "  ·  ".join(parts)
    above, below = (Text(f" {text}", style="bold", no_wrap=True, overflow="ellipsis") for text in texts)
    return above, below


_COLUMNS: tuple[Column[Row], ...] = (
    Column("At", lambda row: f"{row.planned_at:%H:%M}", WIDE, style="dim"),
    Column("Who", lambda row: first_name(row.meeting.scene.who)),
    Column("Meeting", lambda row: row.meeting.scene.subject, least=20),
    Column("What is special", lambda row: row.meeting.scene.special, MEDIUM, least=24, style="dim"),
    Column("Told", lambda row: str(row.told or ""), WIDE, justify="right"),
    Column("Looks", lambda row: str(row.looks or ""), WIDE, justify="right"),
    Column("Calls", lambda row: str(row.calls or ""), justify="right"),
    Column("What became of it", _standing, least=34),
    Column("Link", lambda row: link_text(row.link) if row.looks else "", least=7),
)
