"""`joinlink backfill`: adds links to meetings that are in calendars already. It counts them first."""

import sys
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Annotated, NoReturn

import typer

from cli.backfill_session import BackfillSession
from cli.desk import open_desk
from cli.desk_options import SettingsFile
from cli.formats import backfill_text
from cli.in_force import wait_for_rules
from cli.live import rules_in_force
from cli.mailbox_choice import AllOption, GroupOption, MailboxOption, read_selector
from cli.output import AsJson, Exit, Failed, Refused
from shared.desk.desk_check import rules_difference
from shared.desk.wiring import Desk
from shared.domain.durations import parse_duration
from shared.rules.mailbox_scope import MailboxSelector, UserSelector
from shared.rules.policy import Policy
from shared.storage.sorted_id_file import SortedIdFile
from shared.worker.mailboxes.write_memory import MemoryState, describe_memory

#: Graph shows five years of a calendar at most.
_FURTHEST = timedelta(days=5 * 365)
_NO_MAILBOX = "there is no mailbox to search"


def backfill(
    *,
    mailbox: MailboxOption = "",
    group: GroupOption = "",
    everybody: AllOption = False,
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="How far ahead: 90d, or a day such as 2026-12-31.")
    ] = "90d",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only show what would be done, even with --yes.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="First wait until the app has the rules here in force.")
    ] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Add links to meetings that are in calendars already.

    First it counts the links that the rules want, and the attendees who may get mail. Nothing is written
    before you agree. Then it queues the changes, spread over time, and the app handles them by the same
    rules, guards and limits as any other change. Ctrl-C stops it; the same command resumes there. If the app
    has other rules in force than yours, only --dry-run works, or --wait after a change of the rules.

    Exit code 0: everything is done, or shown. 1: mailboxes are left, and the same command resumes with them;
    calendars can't be read; or the named mailbox or group does not exist. 2: wrong arguments, settings are
    missing, the rules are not the app's, or its memory of past writes is missing. 130: stopped.
    """
    selector = read_selector(mailbox, group, everybody=everybody)
    asks = not yes and not dry_run
    if asks and (as_json or not sys.stdin.isatty()):
        raise Refused(
            "there is no terminal to ask on; --dry-run only shows what would be done, --yes does it"
        )
    with open_desk(settings, writes=not dry_run) as desk, SortedIdFile() as scope:
        policy = rules_in_force(desk)
        if wait:
            wait_for_rules(desk, policy)
        obstacles = _obstacles(desk, policy)
        if obstacles and not dry_run:
            raise Refused(f"{obstacles[0]}; --dry-run shows what yours would do")
        part = desk.backfill(sleep)
        purpose = f"{mailbox or group or '*'} {until}".lower()
        run = part.open_run(policy, purpose, _moment(until, desk.world.now()))
        doubts = part.read_scope(policy, selector, scope)
        if not len(scope):
            _refuse_empty_scope(selector, doubts)
        notes = (
            *(f"the app would not do this now: {each}" for each in obstacles),
            *desk.in_force().differences(policy="", report_only=desk.is_report_only),
            *doubts,
        )
        session = BackfillSession(
            part, run, scope, notes=notes, as_json=as_json, is_report_only=desk.is_report_only
        )
        _run(session, asks=asks, writes=yes and not dry_run)


def _obstacles(desk: Desk, policy: Policy) -> list[str]:
    """Return why the app would not do now what a backfill promises."""
    memory = desk.memory().state()
    reasons = (
        rules_difference(policy.hash, desk.policy_in_force()),
        "" if memory is MemoryState.WHOLE else describe_memory(memory),
    )
    return [reason for reason in reasons if reason]


def _run(session: BackfillSession, *, asks: bool, writes: bool) -> None:
    if not session.as_json:
        backfill_text.show_start(session.run, len(session.scope), session.notes)
    totals = session.process_all(writes=writes)
    session.show(totals, queued=writes)
    if asks and (totals.total.links or totals.unsettled) and backfill_text.is_agreed(totals):
        totals = session.process_all(writes=True)
        session.show(totals, queued=True)
    raise typer.Exit(Exit.ERRORS if totals.left or totals.unread_calendars else Exit.OK)


def _refuse_empty_scope(selector: MailboxSelector | None, doubts: tuple[str, ...]) -> NoReturn:
    """Raise why no mailbox is in scope, with the reasons why some may be missing."""
    match selector:
        case UserSelector() if doubts:
            raise Failed(f"{_NO_MAILBOX}: no user has the object id or address that --mailbox names")
        case UserSelector():
            raise Refused(f"{_NO_MAILBOX}: the rules do not include the mailbox that --mailbox names")
        case _:
            raise Refused(f"{_NO_MAILBOX}: {'; '.join(doubts) or 'the rules include none'}")


def _moment(text: str, now: datetime) -> datetime:
    days = parse_duration(text, units=("d",))
    try:
        moment = datetime.fromisoformat(text) if days is None else now + days
    except (ValueError, OverflowError):
        raise Refused(f'--until expects 90d or a day such as 2026-12-31, not "{text}"') from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not now < moment <= now + _FURTHEST:
        raise Refused(f"--until {text} is past, or further ahead than the five years that Graph shows")
    return moment
