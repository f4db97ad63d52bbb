"""`joinlink doctor`: checks that everything is there that Joinlink needs, and says what to do if not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cli import lines, settings_check
from cli.desk import SettingsFile, open_desk
from cli.ids import checked
from cli.lines import Line
from cli.output import Exit, console, counted
from shared.desk.doctor import check_memory, check_storage
from shared.desk.findings import Finding, failed, unknown
from shared.errors import SettingsError, SignInFailed


def doctor(
    *,
    mailbox: Annotated[
        str,
        typer.Option("--mailbox", "-m", metavar="MAILBOX", help="Object id or address of a mailbox to try."),
    ] = "",
    settings: SettingsFile = None,
) -> None:
    """Check everything that Joinlink needs, and show how to fix it.

    Checks settings, storage, rules, token, permissions, clocks, subscriptions and the notification URL. The
    command only reads from Graph. In the storage account it creates a queue, a table and a container of its
    own, and deletes them again. It never shows secrets.

    Exit code 0: nothing is wrong. 1: something is.
    """
    findings = list(_findings(checked("--mailbox", mailbox), settings))
    out = console()
    lines.show(out, [_line(finding) for finding in findings])
    failed = sum(finding.is_ok is False for finding in findings)
    out.print()
    if failed:
        out.print(f"{counted(failed, 'thing')} to fix.", style="bad")
    else:
        out.print("Nothing is wrong.", style="good")
    raise typer.Exit(Exit.ERRORS if failed else Exit.OK)


def _findings(mailbox: str, settings: Path | None) -> Iterator[Finding]:
    with open_desk(settings) as desk:
        yield from settings_check.check(desk.environ, lambda: desk.settings)
        try:
            yield from check_storage(desk.storage_trial(), desk.world.now)
            yield check_memory(desk.memory().state)
            yield from desk.doctor().check(mailbox)
        except SignInFailed as error:
            yield failed("sign-in", str(error))
        except SettingsError:
            yield unknown("the rest", "not checked; fix the settings first")


def _line(finding: Finding) -> Line:
    left = Text.assemble(lines.mark(finding.is_ok), f" {finding.subject}")
    remedy = f": {finding.remedy}" if finding.remedy else ""
    return Line(left, Text.assemble(finding.text, (remedy, "warn")))
