"""`joinlink doctor`: is everything there that Joinlink needs, and what is to be done if not?"""

import os
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from cli import lines, parts, settings_check
from cli.ids import checked
from cli.lines import Line
from cli.output import Exit, console, counted
from shared.desk.doctor import look_at_memory, look_at_storage
from shared.desk.findings import Finding, untold
from shared.errors import SettingsError


def doctor(
    *,
    mailbox: Annotated[
        str,
        typer.Option("--mailbox", "-m", metavar="MAILBOX", help="Object id or address of a mailbox to try."),
    ] = "",
) -> None:
    """Check settings, storage, rules, token, permissions, clocks, subscriptions and the notification URL.

    It only reads from Graph. In the storage account it creates a queue, a table and a container of its own,
    and deletes them again. It never shows secrets.

    Exit code 0: nothing is wrong. 1: something is.
    """
    found = list(_findings(checked("--mailbox", mailbox)))
    out = console()
    lines.show(out, [_line(finding) for finding in found])
    wrong = sum(finding.is_well is False for finding in found)
    out.print()
    if wrong:
        out.print(f"{counted(wrong, 'thing')} to fix.", style="bad")
    else:
        out.print("Nothing is wrong.", style="good")
    raise typer.Exit(Exit.ERRORS if wrong else Exit.OK)


def _findings(mailbox: str) -> Iterator[Finding]:
    yield from settings_check.look(os.environ)
    with parts.opened() as (joinlink, world):
        try:
            yield from look_at_storage(joinlink.storage_trial(), world.now)
            yield look_at_memory(joinlink.memory_start().state)
            yield from joinlink.doctor().look(mailbox)
        except SettingsError:
            yield untold("the rest", "not checked; fix the settings first")


def _line(finding: Finding) -> Line:
    left = Text.assemble(lines.mark(finding.is_well), f" {finding.what}")
    remedy = f": {finding.remedy}" if finding.remedy else ""
    return Line(left, Text.assemble(finding.said, (remedy, "warn")))
