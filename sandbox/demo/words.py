"""How the demo names and colours things."""

from collections.abc import Sequence

from rich.text import Text

from sandbox.demo.board import PLANNED, QUEUED
from sandbox.demo.scenes import Ending
from sandbox.demo.watching import Watching
from shared.domain.decision import Outcome

_PROVIDERS = {
    "teamsForBusiness": "Teams",
    "skypeForBusiness": "Skype",
    "skypeForConsumer": "Skype (consumer)",
}
_STYLES = {
    PLANNED: "dim",
    QUEUED: "blue",
    Outcome.ENABLED: "green",
    Outcome.WOULD_ENABLE: "cyan",
    Outcome.DELAYED: "yellow",
    Outcome.NOT_HONORED: "magenta",
    Outcome.FAILED: "bold red",
    Outcome.FORBIDDEN: "red",
    Outcome.MAILBOX_UNUSABLE: "red",
}


def first_name(name: str) -> str:
    """Return the name by which colleagues go."""
    return name.partition(" ")[0]


def ending_text(outcome: str, reason: str) -> Text:
    """Return an outcome, coloured, with its reason."""
    return Text(f"{outcome} · {reason}" if reason else outcome, style=_STYLES.get(outcome, ""))


def story_text(story: Sequence[Ending]) -> Text:
    """Return the steps of a story, a line each."""
    return Text("\n").join(ending_text(*step) for step in story) if story else Text("nothing", style="red")


def link_text(provider: str | None) -> Text:
    """Return the provider of a join link with a tick, a dot where there is no link."""
    return Text("·", style="dim") if provider is None else Text(f"✓ {_PROVIDERS[provider]}", style="green")


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def watching_text(watched: int, so_far: Watching) -> str:
    """Return how many calendars are watched, and what was done for it."""
    parts = (
        f"{counted(watched, 'calendar')} watched",
        (so_far.parked, "parked"),
        (so_far.renewed, "renewed"),
        (so_far.remade, "removed and created again"),
        (so_far.replaced, "replaced"),
        (len(so_far.found), "found by sweeps"),
    )
    return "  ·  ".join(
        part if isinstance(part, str) else f"{part[0]} {part[1]}" for part in parts if part[0]
    )
