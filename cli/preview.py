"""`joinlink preview`: shows what rules would do to real calendars. Writes nothing."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.formats.preview import (
    as_csv as csv_format,
    as_json as json_format,
    markdown,
    page as html_page,
    text,
)
from cli.mailbox_choice import AllOption, GroupOption, MailboxOption, read_selector
from cli.output import AsJson, Exit, Failed, Refused
from cli.preview_opening import PreviewChoice, open_session
from cli.preview_options import PreviewFormat, read_format, read_rule_sets, read_sample
from cli.report_file import ReportFile
from shared.desk.preview.previewed import ReadStatus
from shared.desk.preview.report import PreviewReport

#: meetings that a report lists without --meetings
_LISTED = 1000
_PIECES: Mapping[PreviewFormat, Callable[[PreviewReport], Iterator[str]]] = {
    PreviewFormat.JSON: json_format.pieces,
    PreviewFormat.CSV: csv_format.pieces,
    PreviewFormat.MARKDOWN: markdown.pieces,
}


def preview(
    *,
    mailbox: MailboxOption = "",
    group: GroupOption = "",
    everybody: AllOption = False,
    sample: Annotated[
        int | None,
        typer.Option("--sample", metavar="N", help="Only N of them, chosen at random, the same each time."),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="How far back: 30d, or a day such as 2026-10-31.")
    ] = "30d",
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="How far ahead: 30d, or a day such as 2026-12-31.")
    ] = "30d",
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules", "-r", metavar="PATH", help="The rules. Default: JOINLINK_RULES.", show_default=False
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="PATH",
            help="Other rules beside them: shows what a change from --rules to these would change.",
            show_default=False,
        ),
    ] = None,
    meetings: Annotated[
        bool, typer.Option("--meetings", help="List all meetings, not only the first ones.")
    ] = False,
    with_subjects: Annotated[
        bool, typer.Option("--with-subjects", help="Show the subjects of meetings.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page with charts.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the meetings as CSV.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print totals for a pull request, without any mailbox.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write JSON, CSV or Markdown to a file that only you can read.",
            show_default=False,
        ),
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Show what rules would do to real calendars. Nothing is written to them.

    Every rule counts as it stands, and as if all rules in report mode were promoted. Before anything is
    deployed, the settings for Graph are enough; the memory of past writes is then unknown. Ctrl-C shows what
    was read; the same command resumes within a day.

    Exit code 0: everything was read. 1: mailboxes are left, and the same command resumes with them; calendars
    can't be read; the rules have errors, or Graph or storage do not answer. 2: wrong arguments or settings.
    130: stopped.
    """
    shown = read_format(as_json=as_json, as_csv=as_csv, as_markdown=as_markdown)
    choice = PreviewChoice(
        selector=read_selector(mailbox, group, everybody=everybody),
        sample=read_sample(sample),
        since=since,
        until=until,
        with_subjects=with_subjects,
        most_listed=None if meetings else _LISTED,
    )
    if output and shown is PreviewFormat.TEXT:
        raise Refused("--output needs a format: add --json, --csv or --markdown")
    with ExitStack() as stack:
        desk = stack.enter_context(open_desk(settings))
        sets = read_rule_sets(desk, rules, against)
        page = stack.enter_context(ReportFile(html)) if html else None
        file = stack.enter_context(ReportFile(output)) if output else None
        session = stack.enter_context(open_session(desk, sets, choice))
        report = session.run()
        if mailbox and report.totals.statuses[ReadStatus.NO_CALENDAR]:
            session.end(report)
            raise Failed(f"{mailbox} has no calendar: it is a guest, disabled, or without a licence")
        _write(report, shown, page, file)
        session.end(report)
    raise typer.Exit(_exit_code(report))


def _write(
    report: PreviewReport, shown: PreviewFormat, page: ReportFile | None, file: ReportFile | None
) -> None:
    if page:
        page.write(html_page.pieces(report))
    if shown is PreviewFormat.TEXT:
        text.show(report)
        return
    pieces = _PIECES[shown](report)
    if file:
        file.write(pieces)
    else:
        sys.stdout.writelines(pieces)


def _exit_code(report: PreviewReport) -> Exit:
    if report.is_stopped:
        return Exit.STOPPED
    is_partial = report.totals.statuses[ReadStatus.LEFT] or report.totals.unread_calendars
    return Exit.ERRORS if is_partial else Exit.OK
