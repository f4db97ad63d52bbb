"""`joinlink prove`: answers on a real tenant what Microsoft's documentation leaves open."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import Annotated

import typer

from cli.desk import open_desk
from cli.desk_options import AsApp, SettingsFile
from cli.formats import prove_json, prove_markdown, prove_text
from cli.formats.prove_markdown import ProofRun
from cli.ids import checked
from cli.output import AsJson, Exit, Refused, ask, print_json
from cli.report_file import ReportFile
from cli.trial import check_can_ask, clean_up, found_log
from cli.workspace import WorkspaceOption
from shared.desk.prove.proof import Holding, Proof
from shared.desk.prove.prover import RowResult, prove as prove_rows
from shared.desk.prove.questions import QUESTIONS, Question
from shared.desk.wiring import Desk
from shared.domain.mailbox import User


def prove(
    *,
    mailbox: Annotated[
        str,
        typer.Option(
            "--mailbox", "-m", metavar="MAILBOX", help="A test mailbox, by object id or user principal name."
        ),
    ],
    guest: Annotated[
        str,
        typer.Option(
            "--guest",
            metavar="MAILBOX",
            help="A second test mailbox, which is invited to an event; its messages are counted.",
            show_default=False,
        ),
    ] = "",
    row: Annotated[
        list[str] | None,
        typer.Option("--row", metavar="ROW", help="Only this row; see docs/unproven.md.", show_default=False),
    ] = None,
    workspace: WorkspaceOption = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The report, in Markdown. Default: joinlink-proof-<time>.md in the working folder.",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    as_app: AsApp = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Try in a test mailbox what Microsoft does not document.

    Each row ends in holds, does not hold, or unknown. The command creates events, a calendar and
    subscriptions in the test mailbox and deletes them again, also after Ctrl-C. Mail goes to the two
    mailboxes only. The report has no addresses, so it can be sent to the authors of Joinlink. The identity
    needs Calendars.ReadWrite for the mailbox.

    Exit code 0: no row failed. 1: a row does not hold, something is left in the mailbox, or Graph refuses.
    2: wrong arguments, or settings are missing. 130: stopped.
    """
    check_can_ask(yes=yes, as_json=as_json, hint="--yes does it")
    questions = _questions(row or ())
    if guest and guest.lower() == mailbox.lower():
        raise Refused("--guest is a second mailbox: name another than --mailbox")
    with open_desk(settings, as_app=as_app) as desk:
        proof = _proof(desk, checked("--mailbox", mailbox), checked("--guest", guest), workspace)
        started = desk.world.now()
        file = output or Path(f"joinlink-proof-{started:%Y-%m-%d-%H%M}.md")
        proof.trial.default_calendar()  # a mailbox without one is refused here
        if not yes and not _is_agreed(proof):
            raise typer.Exit(Exit.ERRORS)
        with ReportFile(file) as opened:
            _run(questions, proof, _Report(opened, file, started, as_json=as_json, cloud=_cloud(desk)))


def _questions(wanted: Sequence[str]) -> list[Question]:
    known = {question.id: question for question in QUESTIONS}
    if unknown := [name for name in wanted if name not in known]:
        raise Refused(f'--row knows no "{unknown[0]}": {", ".join(known)}')
    return [question for question in QUESTIONS if not wanted or question.id in wanted]


def _proof(desk: Desk, mailbox: str, guest: str, workspace: str) -> Proof:
    user, invited = desk.user(mailbox), desk.user(guest) if guest else User(id="")
    if invited.id == user.id:
        raise Refused("--guest is a second mailbox: name another than --mailbox")
    return Proof(
        trial=desk.trial_mailbox(user.id, sleep),
        address=user.name or mailbox,
        identity=desk.identity,
        rights=desk.rights(),
        guest=desk.trial_mailbox(invited.id, sleep) if guest else None,
        guest_address=invited.name or guest,
        log=found_log(desk, workspace),
        url=desk.settings.notification_url,
        client_state=desk.client_state,
        new_id=desk.world.new_id,
    )


def _is_agreed(proof: Proof) -> bool:
    prove_text.show_plan(proof)
    return ask("Do it?", "--yes does it")


def _cloud(desk: Desk) -> str:
    return desk.environ.get("JOINLINK_CLOUD", "").strip() or "global"


class _Report:
    """Where the results go: each row to the terminal, all of them to a file."""

    def __init__(
        self, opened: ReportFile, file: Path, started: datetime, *, as_json: bool, cloud: str
    ) -> None:
        self._opened = opened
        self._file = file
        self._started = started
        self._as_json = as_json
        self._cloud = cloud

    def show(self, result: RowResult) -> None:
        """Show a row as soon as it is there."""
        if not self._as_json:
            prove_text.show(result)

    def finish(self, results: list[RowResult], proof: Proof, left: Sequence[str], *, stopped: bool) -> None:
        """Write the report."""
        run = ProofRun(
            started=self._started,
            cloud=self._cloud,
            identity=proof.identity,
            results=results,
            left=left,
            is_stopped=stopped,
        )
        self._opened.write([prove_markdown.report(run)])
        if self._as_json:
            print_json(prove_json.document(run))
        else:
            prove_text.show_total(run, self._file)


def _run(questions: list[Question], proof: Proof, report: _Report) -> None:
    results: list[RowResult] = []
    try:
        for result in prove_rows(questions, proof):
            report.show(result)
            results.append(result)
    except KeyboardInterrupt:
        report.finish(results, proof, clean_up(proof.trial), stopped=True)
        raise typer.Exit(Exit.STOPPED) from None
    except Exception:
        report.finish(results, proof, clean_up(proof.trial), stopped=True)
        raise
    left = [sentence for result in results for sentence in result.left]
    report.finish(results, proof, left, stopped=False)
    is_bad = left or any(result.answer.holding is Holding.FAILS for result in results)
    raise typer.Exit(Exit.ERRORS if is_bad else Exit.OK)
