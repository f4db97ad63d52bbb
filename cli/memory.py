"""`joinlink memory`: shows whether the record of past writes is whole, and lets an admin accept its loss."""

from typing import Annotated

import typer

from cli.desk import SettingsFile, open_desk
from cli.output import Exit, Failed, ask, console
from shared.errors import StorageUnavailable
from shared.worker.mailboxes.write_memory import MISSING_MEMORY, MemoryState

_TEXTS = {
    MemoryState.WHOLE: "The memory of past writes is whole.",
    MemoryState.NOT_STARTED: "Not started yet: the app's first maintenance starts the memory of past writes.",
    MemoryState.MISSING: f"{MISSING_MEMORY[0].upper()}{MISSING_MEMORY[1:]}.",
}
_WARNING = (
    "Joinlink no longer knows which links people removed. If you accept this, an event that the rules want"
    " online gets a link even if a person removed it, and that may send a mail to every attendee."
)


def memory(
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Continue without the lost memory.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept without asking.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Show whether the record of past writes is whole; --accept continues without a lost one.

    Exit code 0: it is whole, not started yet, or accepted. 1: it is missing. 2: settings are missing.
    """
    try:
        with open_desk(settings, writes=accept) as desk:
            past_writes = desk.memory()
            state = past_writes.state()
            if accept and state is not MemoryState.WHOLE and _is_confirmed(yes=yes):
                past_writes.accept()
                console().print("Accepted: a new memory starts now, and the app writes again within minutes.")
                return
    except StorageUnavailable as error:
        raise Failed(f"the storage account does not answer ({error}); try again") from error
    is_missing = state is MemoryState.MISSING
    console().print(_TEXTS[state], style="bad" if is_missing else "good")
    raise typer.Exit(Exit.ERRORS if is_missing else Exit.OK)


def _is_confirmed(*, yes: bool) -> bool:
    console().print(_WARNING, style="warn")
    return yes or ask("Continue without the memory of past writes?", "--yes accepts")
