"""`joinlink backfill`: links for meetings that are in calendars already. First it counts, then it is done."""

import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import sleep
from typing import Annotated

import typer

from cli import parts
from cli.backfill_totals import Totals
from cli.formats import backfill_json, backfill_text
from cli.ids import checked
from cli.live import rules_in_force
from cli.output import Exit, Failed, Refused, print_json
from cli.progress import Progress
from shared.desk.backfill import Backfill, Found, Run, Standing
from shared.domain.durations import parse_duration
from shared.errors import GraphError, QueueUnavailable, StorageUnavailable
from shared.rules.mailbox_scope import GroupSelector, MailboxSelector, UserSelector
from shared.storage.scope_file import ScopeFile
from shared.worker.common.desk_check import difference
from shared.worker.common.memory import problem_of

#: Mailboxes that are searched at a time, with one request each; and how many are taken up together.
_SEARCHERS = 4
_AT_ONCE = 16
#: Graph shows five years of a calendar at most.
_FURTHEST = timedelta(days=5 * 365)


def backfill(
    *,
    mailbox: Annotated[
        str, typer.Option("--mailbox", "-m", metavar="MAILBOX", help="One mailbox, by object id or address.")
    ] = "",
    group: Annotated[
        str, typer.Option("--group", "-g", metavar="ID", help="The members of a group, nested ones too.")
    ] = "",
    everybody: Annotated[
        bool, typer.Option("--all", help="All mailboxes in the scope of the rules.")
    ] = False,
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="How far ahead: 90d, or a day such as 2026-12-31.")
    ] = "90d",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only show what would be done, whatever else is given.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Add links to meetings that are in calendars already, as the rules want them.

    First it counts links, and attendees who may get mail. Nothing is written before you agree. Then it queues
    the changes, spread over time, and the app handles them by the same rules, guards and limits as any other.
    Ctrl-C stops it; the same command resumes there. With rules that the app does not have in force, only
    --dry-run works.

    Exit code 0: all is done, or shown. 1: mailboxes are left, and the same command resumes with them.
    2: wrong arguments, settings are missing, the rules are not the app's, or its memory of past writes is
    missing. 130: stopped.
    """
    selector = _selector(mailbox, group, everybody=everybody)
    asks = not yes and not dry_run
    if asks and (as_json or not sys.stdin.isatty()):
        raise Refused("nobody is here to ask; --dry-run only shows what would be done, --yes does it")
    try:
        opened = parts.opened if dry_run else parts.opened_to_write
        with opened() as (joinlink, world), ScopeFile() as scope:
            policy = rules_in_force(joinlink.desk())
            differ = difference(policy.hash, joinlink.kept_policy())
            if differ and not dry_run:
                raise Refused(f"{differ}; --dry-run shows what yours would do")
            stops = problem_of(joinlink.memory_start().state())
            if stops and not dry_run:
                raise Refused(stops)
            part = joinlink.backfill(sleep)
            purpose = f"{mailbox or group or '*'} {until}".lower()
            run = part.run(policy, purpose, _moment(until, world.now()))
            doubts = part.read_scope(policy, selector, scope)
            if not len(scope):
                raise Refused(
                    f"there is no mailbox to search: {'; '.join(doubts) or 'the rules are for none'}"
                )
            doubts = (
                *(f"the app would not do this now: {each}" for each in (differ, stops) if each),
                *doubts,
            )
            is_braked = joinlink.desk().report_only
            errand = _Errand(part, run, scope, doubts=doubts, as_json=as_json, is_braked=is_braked)
            _go(errand, asks=asks, writes=yes and not dry_run)
    except GraphError as error:
        raise Failed(
            f"Graph does not answer as it should ({error}); nothing is lost, run it again"
        ) from error
    except (QueueUnavailable, StorageUnavailable) as error:
        raise Failed(f"the storage account does not answer ({error}); run it again to go on") from error


class _Errand:
    """The mailboxes that are gone through, once to count and once to write."""

    def __init__(
        self,
        part: Backfill,
        run: Run,
        scope: ScopeFile,
        *,
        doubts: tuple[str, ...],
        as_json: bool,
        is_braked: bool,
    ) -> None:
        self.part = part
        self.run = run
        self.scope = scope
        self.doubts = doubts
        self.as_json = as_json
        self.is_braked = is_braked

    def go_through(self, *, writes: bool) -> Totals:
        """Look at every mailbox, and queue what is found if that is wanted; return what it comes to."""
        totals = Totals()
        run = self.part.run_anew(self.run)
        if writes:
            self.part.begin(run)
        try:
            doing = "Queueing" if writes else "Searching"
            with Progress(doing, len(self.scope)) as progress, closing(self._found(run)) as looks:
                for found in looks:
                    self._take(found, run, totals, writes=writes)
                    progress.step()
            if writes and not totals.left:
                self.part.end(run)
        except KeyboardInterrupt:
            self.show(totals, queued=writes, stopped=True)
            raise typer.Exit(Exit.STOPPED) from None
        return totals

    def show(self, totals: Totals, *, queued: bool, stopped: bool = False) -> None:
        """Print what it comes to."""
        if self.as_json:
            document = backfill_json.document(self.run, totals, self.doubts, queued=queued, stopped=stopped)
            print_json(document)
        else:
            backfill_text.show(totals, queued=queued, stopped=stopped, is_braked=self.is_braked)

    def _found(self, run: Run) -> Generator[Found, None, None]:
        """Look at some mailboxes at a time, so that a stop does not wait for long."""
        everybody = iter(self.scope)
        with ThreadPoolExecutor(_SEARCHERS, "backfill") as searchers:
            while some := list(islice(everybody, _AT_ONCE)):
                yield from searchers.map(lambda each: self._look(each, run), some)

    def _look(self, entry: tuple[str, str], run: Run) -> Found:
        mailbox, why = entry
        if why:
            return Found(mailbox=mailbox, standing=Standing.NO_CALENDAR, why=why)
        return self.part.look(mailbox, run)

    def _take(self, found: Found, run: Run, totals: Totals, *, writes: bool) -> None:
        if found.standing is not Standing.SEARCHED:
            totals.add(found, None)
            return
        planned = self.part.plan(found, run)
        if writes:
            self.part.send(found, planned, run)
        totals.add(found, planned)


def _go(errand: _Errand, *, asks: bool, writes: bool) -> None:
    if not errand.as_json:
        backfill_text.begin(errand.run, len(errand.scope), errand.doubts)
    totals = errand.go_through(writes=writes)
    errand.show(totals, queued=writes)
    if asks and (totals.total.links or totals.unsettled) and backfill_text.agreed(totals):
        totals = errand.go_through(writes=True)
        errand.show(totals, queued=True)
    raise typer.Exit(Exit.ERRORS if totals.left else Exit.OK)


def _selector(mailbox: str, group: str, *, everybody: bool) -> MailboxSelector | None:
    if bool(mailbox) + bool(group) + everybody != 1:
        raise Refused("name the calendars: one of --mailbox, --group and --all")
    if mailbox:
        return UserSelector(checked("--mailbox", mailbox).lower())
    return GroupSelector(checked("--group", group).lower()) if group else None


def _moment(text: str, now: datetime) -> datetime:
    days = parse_duration(text, units=("d",))
    try:
        moment = datetime.fromisoformat(text) if days is None else now + days
    except (ValueError, OverflowError):
        raise Refused(f'--until takes 90d or a day such as 2026-12-31, and "{text}" is neither') from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not now < moment <= now + _FURTHEST:
        raise Refused(f"--until {text} is past, or further ahead than the five years that Graph shows")
    return moment
