"""`joinlink doctor`: checks that everything is there that Joinlink needs, and says what to do if not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from cli import lines, settings_check
from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.ids import checked
from cli.lines import Line
from cli.output import AsJson, Exit, console, counted, print_json
from shared.desk.doctor import check_memory, check_storage
from shared.desk.findings import Finding, failed, unknown
from shared.errors import SettingsError, SignInFailed


def doctor(
    *,
    mailbox: Annotated[
        str,
        typer.Option("--mailbox", "-m", metavar="MAILBOX", help="Object id or address of a mailbox to try."),
    ] = "",
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Check everything that Joinlink needs, and show how to fix it.

    Checks settings, storage, rules, token, permissions, clocks, subscriptions and the notification URL. The
    command only reads from Graph. In the storage account it creates a queue, a table and a container of its
    own, and deletes them again. It never shows secrets.

    Exit code 0: nothing is wrong. 1: something is.
    """
    findings = list(_findings(checked("--mailbox", mailbox), settings))
    to_fix = sum(finding.is_ok is False for finding in findings)
    if as_json:
        print_json({"findings": [_document(finding) for finding in findings], "to_fix": to_fix})
    else:
        _show(findings, to_fix)
    raise typer.Exit(Exit.ERRORS if to_fix else Exit.OK)


def _show(findings: list[Finding], to_fix: int) -> None:
    out = console()
    lines.show(out, [_line(finding) for finding in findings])
    out.print()
    if to_fix:
        out.print(f"{counted(to_fix, 'thing')} to fix.", style="bad")
    else:
        out.print("Nothing is wrong.", style="good")


def _document(finding: Finding) -> dict[str, Any]:
    return {
        "subject": finding.subject,
        "is_ok": finding.is_ok,
        "text": finding.text,
        "remedy": finding.remedy or None,
    }


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
