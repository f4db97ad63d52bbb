"""`joinlink memory`: whether the record of past writes is whole, and an admin's decision where it is not."""

import sys
from typing import Annotated

import typer

from cli import parts
from cli.output import Exit, Failed, Refused, console
from shared.errors import StorageUnavailable
from shared.worker.common.memory import MISSING_MEMORY, MemoryState

_SAID = {
    MemoryState.WHOLE: "The memory of past writes is whole.",
    MemoryState.NOT_STARTED: "Not started yet: the first maintenance of the app begins the memory of writes.",
    MemoryState.MISSING: f"{MISSING_MEMORY[0].upper()}{MISSING_MEMORY[1:]}.",
}
_WARNING = (
    "Joinlink no longer knows which links people removed. If you accept this, events that the rules want"
    " online get a link even where a person removed it, and that may send a mail to every attendee."
)


def memory(
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Go on without the memory that was lost.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept without asking.")] = False,
) -> None:
    """Show whether the record of past writes is whole; --accept goes on without one that was lost.

    Exit code 0: it is whole, not started yet, or accepted. 1: it is missing. 2: settings are missing.
    """
    try:
        with parts.opened_to_write() if accept else parts.opened() as (joinlink, _world):
            start = joinlink.memory_start()
            state = start.state()
            if accept and state is not MemoryState.WHOLE and _agreed(yes=yes):
                start.accept()
                console().print("Accepted: the memory begins now, and the app writes again within minutes.")
                return
    except StorageUnavailable as error:
        raise Failed(f"the storage account does not answer ({error}); try again") from error
    is_missing = state is MemoryState.MISSING
    console().print(_SAID[state], style="bad" if is_missing else "good")
    raise typer.Exit(Exit.ERRORS if is_missing else Exit.OK)


def _agreed(*, yes: bool) -> bool:
    console().print(_WARNING, style="warn")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Refused("nobody is here to ask; --yes accepts")
    return typer.confirm("Go on without the memory of past writes?")
