"""`joinlink memory`: shows whether the record of past writes is complete, and accepts its loss."""

from typing import Annotated

import typer

from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.output import AsJson, Exit, ask, console, print_json, talk
from shared.worker.mailboxes.write_memory import MemoryState, describe_memory

_WARNING = (
    "Joinlink no longer knows which links people removed. If you accept this, an event that the rules want"
    " online gets a link even if a person removed it, and that may send a mail to every attendee."
)


def memory(
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Continue without the lost memory.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept without asking.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Show whether the record of past writes is complete.

    Without it, Joinlink does not know which links people removed, so it writes nothing. --accept starts a new
    record if the old one is lost.

    Exit code 0: it is complete, not started yet, or accepted. 1: it is missing. 2: settings are missing.
    """
    with open_desk(settings, writes=accept) as desk:
        past_writes = desk.memory()
        state = past_writes.state()
        is_accepted = accept and state is not MemoryState.WHOLE and _is_confirmed(yes=yes, as_json=as_json)
        if is_accepted:
            past_writes.accept()
    is_missing = state is MemoryState.MISSING and not is_accepted
    if as_json:
        print_json({"state": state, "is_accepted": is_accepted})
    else:
        _show(state, is_accepted=is_accepted)
    raise typer.Exit(Exit.ERRORS if is_missing else Exit.OK)


def _show(state: MemoryState, *, is_accepted: bool) -> None:
    if is_accepted:
        console().print("Accepted: a new memory starts now, and the app writes again within minutes.")
        return
    sentence = describe_memory(state)
    style = "bad" if state is MemoryState.MISSING else "good"
    console().print(f"{sentence[0].upper()}{sentence[1:]}.", style=style)


def _is_confirmed(*, yes: bool, as_json: bool) -> bool:
    talk(as_json=as_json).print(_WARNING, style="warn")
    return yes or ask("Continue without the memory of past writes?", "--yes accepts")
