"""`joinlink stats`: counts how messages ended, from the app's log."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.bounded import STDIN
from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.formats import stats_json, stats_text
from cli.output import AsJson, Exit, Failed, Refused, note, print_json
from cli.times import parse_time_or_age
from cli.workspace import WorkspaceOption, workspace_id
from shared.desk.app_log.endings import ALL_TIME, EndingCounts, Period
from shared.desk.app_log.log_file import LogFile
from shared.errors import LogUnavailable
from shared.worker.common.world import World

_DEFAULT = timedelta(days=1)


def stats(
    *,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", hidden=True),
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Only since: 24h, 7d, 2026-12-31T09:00Z. Default: 24h of the workspace, all of a file.",
            show_default=False,
        ),
    ] = "",
    rule: Annotated[
        str, typer.Option("--rule", metavar="ID", help="Only what this rule decided.", show_default=False)
    ] = "",
    workspace: WorkspaceOption = "",
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Count outcomes and reasons in the app's log.

    FILE has the app's log lines; - reads stdin. Without it, the app's Log Analytics workspace is read.

    Shows what happened to events and to mailboxes' tasks, by outcome, reason, rule and day (UTC). Needs
    neither Graph nor the storage account.

    Exit code 0: shown. 1: the log can't be read, or has no such lines. 2: wrong arguments.
    """
    now = World().now()
    moment = _since(since, now)
    if file is None:
        counts = _of_workspace(workspace, Period(moment or now - _DEFAULT, now), settings)
    else:
        counts = _of_file(file, Period(moment, now) if moment else ALL_TIME)
    if rule:
        counts = counts.of_rule(rule)
    if as_json:
        print_json(stats_json.document(counts))
    else:
        stats_text.show(counts)
    raise typer.Exit(Exit.OK if counts.numbers else Exit.ERRORS)


def _since(text: str, now: datetime) -> datetime | None:
    moment = parse_time_or_age(text, now) if text else None
    if text and (moment is None or moment >= now):
        raise Refused(f'--since expects 24h, 7d or a past time such as 2026-12-31T09:00Z, not "{text}"')
    return moment


def _of_workspace(workspace: str, period: Period, settings: Path | None) -> EndingCounts:
    try:
        with open_desk(settings) as desk:
            return desk.app_log(workspace_id(workspace, desk.environ)).endings(period)
    except LogUnavailable as error:
        raise Failed(str(error)) from error


def _of_file(file: Path, period: Period) -> EndingCounts:
    if file == STDIN:
        if sys.stdin.isatty():
            note("reading log lines from the terminal; Ctrl-D ends them")
        return LogFile(sys.stdin.buffer).endings(period)
    try:
        with file.open("rb") as opened:
            return LogFile(opened).endings(period)
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}") from error
