"""Texts that the demo's progress and its report share."""

from collections.abc import Sequence

from rich.text import Text

from shared.domain.decision import Outcome

Ending = tuple[str, str]
"""An outcome and its reason."""

_PROVIDERS = {"teamsForBusiness": "Teams", "skypeForBusiness": "Skype"}
_STYLES = {
    "planned": "dim",
    "queued": "blue",
    Outcome.ENABLED: "green",
    Outcome.WOULD_ENABLE: "cyan",
    Outcome.DELAYED: "yellow",
    Outcome.NOT_HONORED: "magenta",
    Outcome.FAILED: "bold red",
}


def ending_text(ending: Ending) -> Text:
    """Return an outcome, coloured, with its reason."""
    outcome, reason = ending
    return Text(f"{outcome} · {reason}" if reason else outcome, style=_STYLES.get(outcome, ""))


def endings_text(endings: Sequence[Ending]) -> Text:
    """Return outcomes with their reasons, one per line."""
    return Text("\n").join(map(ending_text, endings)) if endings else Text("none", style="red")


def link_text(provider: str | None) -> Text:
    """Return the short name of a join link's provider, or a dot if there is no link."""
    return Text(_PROVIDERS.get(provider, provider), style="green") if provider else Text("·", style="dim")


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"
