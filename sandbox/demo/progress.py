"""Shows the day while it plays: a table that changes on a terminal, a line per change elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sandbox.demo.day import PlayedScene
from sandbox.demo.record import EventRecord, by_event, ending, watch_counts
from sandbox.demo.texts import counted, ending_text
from sandbox.demo.verdict import DayRecord
from shared.domain.decision import Outcome, Reason

#: The width of a terminal from which tables have room for all columns.
WIDE = 110
#: Lines on the screen that are not rows: heading, header, footer and the space between.
_OTHER_LINES = 7


@dataclass(frozen=True, slots=True)
class SceneState:
    """A scene so far: `planned`, `queued` or an outcome with its reason; the Graph calls."""

    played: PlayedScene
    text: Text
    calls: int


class DayProgress:
    """Shows the record so far, again after each step. Create it with `progress`."""

    def __init__(self, console: Console, live: Live | None) -> None:
        self._console = console
        self._live = live
        self._printed: dict[tuple[str, str], str] = {}
        self._title = ""

    def show(self, title: str, time: str, scenes: Sequence[PlayedScene], record: DayRecord) -> None:
        """Show the act with this title at a time of the day."""
        events = by_event(record.lines, record.calls, record.posts)
        states = [scene_state(one, events[one.entry.key]) for one in scenes]
        watched = watch_text(record)
        if self._live:
            picture = self._picture(f"{time}  {title}", states, watched, len(record.calls))
            self._live.update(picture, refresh=True)
            return
        if title != self._title:
            self._title = title
            self._console.print(f"\n{time} {title}")
        self._print_if_new(("", ""), time, Text(watched))
        for state in states:
            scene = state.played.scene
            who = f"{scene.who.split()[0]:5} {scene.subject:21} {scene.situation:24} "
            self._print_if_new(state.played.entry.key, time, Text(who) + state.text)

    def _print_if_new(self, key: tuple[str, str], time: str, text: Text) -> None:
        if self._printed.get(key) != text.plain:
            self._printed[key] = text.plain
            self._console.print(Text(f"  {time}  ") + text, soft_wrap=True)

    def _picture(self, heading: str, states: Sequence[SceneState], watched: str, calls: int) -> Group:
        is_wide = self._console.width >= WIDE
        columns = ("Who", "Meeting", *(["Situation"] if is_wide else []), "Outcome so far")
        table = Table(*columns, box=None, pad_edge=False, header_style="dim")
        table.add_column("Graph calls", justify="right")
        for state in states[-max(self._console.height - _OTHER_LINES, 1) :]:
            scene = state.played.scene
            situation = [Text(scene.situation, style="dim")] if is_wide else []
            name = Text(scene.who.split()[0]), Text(scene.subject)
            table.add_row(*name, *situation, state.text, str(state.calls or ""))
        footer = f"{watched}, {counted(calls, 'Graph call')}"
        return Group(Text(f"Contoso, {heading}", style="bold"), "", table, "", Text(footer, style="bold"))


@contextmanager
def progress(console: Console) -> Iterator[DayProgress]:
    """Show progress on a console until the block ends."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield DayProgress(console, None)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield DayProgress(console, live)


def scene_state(played: PlayedScene, event: EventRecord) -> SceneState:
    """Return the state of a scene: its last final outcome, or else what it waits for."""
    if event.endings:
        text = ending_text(event.endings[-1])
    elif waits := [line for line in event.lines if _is_wait(*ending(line))]:
        text = ending_text(ending(waits[-1])).append(f", {waits[-1]['again_in_seconds']:.0f} s")
    else:
        text = ending_text(("queued" if event.notifications else "planned", ""))
    return SceneState(played, text, len(event.calls))


def watch_text(record: DayRecord) -> str:
    """Return how many calendars are watched, and what Joinlink did to keep them watched."""
    counts = watch_counts(record.lines, record.posts)
    parts = (
        (counts.unusable, "without a calendar"),
        (counts.renewed, "renewed"),
        (counts.created_again, "created again"),
        (counts.replaced, "replaced"),
        (len(counts.found), "found by sweeps"),
    )
    watched = f"{counted(len(set(record.watched)), 'calendar')} watched"
    return ", ".join([watched, *(f"{number} {text}" for number, text in parts if number)])


def _is_wait(outcome: str, reason: str) -> bool:
    """Return whether Graph makes the event wait; not if only copies of the message wait for each other."""
    return outcome == Outcome.DELAYED and reason != Reason.MAILBOX_BUSY
