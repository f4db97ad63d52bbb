"""Finds meetings that exist already and need a link, and puts them on the queue.

The backfill searches one mailbox after another. Each change goes on the `event-changes` queue, visible when
it is due. The worker handles it like any other change, so a backfill that is killed and run again writes
nothing twice. The `backfills` table stores which mailboxes are done, and until when changes are due in
them: it is written before the changes are sent, so that no mailbox ever gets more than its pace allows.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from shared.desk.backfill_pace import RunSlots
from shared.desk.calendars_of_mailbox import CalendarsOfMailbox
from shared.desk.chosen_scope import read_chosen_scope
from shared.domain.decision import Verdict
from shared.domain.messages import EventChange, Source
from shared.domain.queue_port import QueueSender
from shared.errors import GraphError, MailboxUnusable, Throttled, Unauthorized
from shared.graph.client import Graph
from shared.rules.mailbox_scope import MailboxSelector
from shared.rules.policy import Policy
from shared.storage.backfill_runs import BackfillRuns, Booking, OpenRun
from shared.storage.mailboxes import CLOCKS_DIFFER, Mailboxes
from shared.storage.sorted_id_file import SortedIdFile
from shared.worker.common.world import World
from shared.worker.events.attendee_mails import mails
from shared.worker.events.calendar_pages import CalendarSearch
from shared.worker.events.calendar_search import CalendarSearcher

#: The same command resumes a run for this long; after that it starts another.
_RESUMABLE = timedelta(days=1)
#: A queue hides a message for seven days at most, so no change is due later than this.
_FURTHEST = timedelta(days=8)
#: The worker has handled a change by then; until that the mailbox counts as busy.
_HANDLED_AFTER = timedelta(minutes=5)
#: How often a search is tried if Graph throttles it, and the longest wait in between.
_TRIES = 3
_LONGEST_WAIT = timedelta(minutes=5)
_HELD = "it left the scope with many others and is held: see joinlink status"


class SearchStatus(Enum):
    """How the search of a mailbox ended."""

    SEARCHED = "searched"
    #: this run did it before it was interrupted
    DONE_BEFORE = "done_before"
    #: changes of an earlier run are not due yet
    UNDER_WAY = "under_way"
    #: the mailbox has no calendar, or is not watched any more
    NO_CALENDAR = "no_calendar"
    #: Graph did not allow the search: the same command tries again
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class MissingLink:
    """An event that needs a link by `rule`, which may mail this many attendees.

    `rule` is None if an earlier write has an unknown result, which the worker settles.
    """

    event: str
    rule: str | None
    mails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSearch:
    """The result of searching a mailbox; `why` is the reason if that was not possible."""

    mailbox: str
    status: SearchStatus
    #: user principal name, if links are missing
    name: str = ""
    missing: tuple[MissingLink, ...] = ()
    #: how many events each rule would enable if it, or the app, were allowed to write
    would_enable: Mapping[str, int] = field(default_factory=dict)
    #: how many events can't be read and were not decided
    unreadable: int = 0
    #: how many calendars, or lists of them, can't be read
    unread_calendars: int = 0
    why: str = ""
    booked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MailboxSchedule:
    """When each change in a mailbox is due; `later` are those that a queue can't hide for so long."""

    changes: tuple[tuple[MissingLink, datetime], ...]
    later: tuple[MissingLink, ...]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRun:
    """One run for a `purpose`; `is_continued`, it resumes a run that was interrupted."""

    state: OpenRun
    policy: Policy
    purpose: str
    is_continued: bool
    slots: RunSlots


class Backfill:
    """Searches, schedules and sends, mailbox by mailbox. Many threads may call `search`."""

    def __init__(
        self,
        *,
        world: World,
        graph: Callable[[], Graph],
        searcher: CalendarSearcher,
        mailboxes: Mailboxes,
        runs: BackfillRuns,
        queue: QueueSender,
        sleep: Callable[[float], None],
    ) -> None:
        self._world = world
        self._graph = graph
        self._searcher = searcher
        self._mailboxes = mailboxes
        self._runs = runs
        self._queue = queue
        self._sleep = sleep

    def read_scope(
        self, policy: Policy, selector: MailboxSelector | None, scope: SortedIdFile
    ) -> tuple[str, ...]:
        """Write to `scope` the mailboxes that the selector names and the rules include; None names all.

        Returns the reasons why mailboxes may be missing. Raises GraphError.
        """
        return read_chosen_scope(policy.mailboxes, selector, self._graph(), scope)

    def open_run(self, policy: Policy, purpose: str, until: datetime) -> BackfillRun:
        """Return the interrupted run for this purpose, or a new one until this time. Writes nothing.

        Raises:
            StorageUnavailable: the table can't be read.
        """
        now = self._world.now()
        purpose = f"{purpose} {policy.hash}"
        last = self._runs.open_run(purpose)
        is_continued = last is not None and last.started - CLOCKS_DIFFER <= now < last.started + _RESUMABLE
        return BackfillRun(
            state=last if last and is_continued else OpenRun(self._world.new_id(), now, until),
            policy=policy,
            purpose=purpose,
            is_continued=is_continued,
            slots=RunSlots(now),
        )

    def with_free_slots(self, run: BackfillRun) -> BackfillRun:
        """Return the run without any booked times: the count is over, and the changes follow."""
        return replace(run, slots=RunSlots(self._world.now()))

    def search(self, mailbox: str, run: BackfillRun) -> MailboxSearch:
        """Search a mailbox, unless there is nothing to do in it now.

        Raises:
            StorageUnavailable: the tables can't be read.
            Unauthorized: no mailbox can be searched.
        """
        booking, now = self._runs.booking(mailbox), self._world.now()
        if booking.until and booking.until > now + _FURTHEST:
            # A machine with a wrong clock wrote it; it must not block the mailbox.
            booking = replace(booking, until=None)
        if booking.sent and booking.run == run.state.id:
            return MailboxSearch(mailbox=mailbox, status=SearchStatus.DONE_BEFORE)
        if booking.sent and booking.until and now < booking.until:
            return MailboxSearch(mailbox=mailbox, status=SearchStatus.UNDER_WAY, booked_until=booking.until)
        row = self._mailboxes.read(mailbox)
        if row.is_ineligible or row.is_read_only:
            why = row.unclear or (_HELD if row.held and not row.is_ineligible else "")
            status = SearchStatus.LEFT if why else SearchStatus.NO_CALENDAR
            return MailboxSearch(mailbox=mailbox, status=status, why=why)
        try:
            return replace(self._search_patiently(mailbox, run), booked_until=booking.until)
        except Unauthorized:
            raise
        except MailboxUnusable:
            return MailboxSearch(mailbox=mailbox, status=SearchStatus.NO_CALENDAR)
        except GraphError as error:
            return MailboxSearch(mailbox=mailbox, status=SearchStatus.LEFT, why=str(error))

    def schedule(self, search: MailboxSearch, run: BackfillRun) -> MailboxSchedule:
        """Return when each change in a mailbox is due."""
        slots = run.slots.of_mailbox(search.booked_until)
        changes: list[tuple[MissingLink, datetime]] = []
        later: list[MissingLink] = []
        for link in search.missing:
            rule = run.policy.rule(link.rule) if link.rule else None
            at = slots.place(rule, link.mails)
            if at is None:
                later.append(link)
            else:
                changes.append((link, at))
        until = slots.last + (_HANDLED_AFTER if changes else timedelta(0))
        return MailboxSchedule(tuple(changes), tuple(later), until)

    def record_start(self, run: BackfillRun) -> None:
        """Record that changes are about to be sent. Raises StorageUnavailable."""
        self._runs.write_run(run.purpose, run.state)

    def send(self, mailbox: str, schedule: MailboxSchedule, run: BackfillRun) -> None:
        """Put the changes of a mailbox on the queue.

        Raises:
            StorageUnavailable, QueueUnavailable: not all were sent; the run will repeat this mailbox.
        """
        booking = Booking(run.state.id, schedule.until)
        self._runs.book(mailbox, booking)
        for link, at in schedule.changes:
            now = self._world.now()
            change = EventChange(
                mailbox=mailbox,
                event=link.event,
                source=Source.BACKFILL,
                received=now,
                trace=self._world.new_id(),
            )
            self._queue.send(change.encode(), max(at - now, timedelta(0)))
        self._runs.book(mailbox, replace(booking, sent=True))

    def record_end(self, run: BackfillRun) -> None:
        """Record that the run is complete: the same command starts another. Raises StorageUnavailable."""
        self._runs.write_run(run.purpose, run.state, ended=True)

    def _search_patiently(self, mailbox: str, run: BackfillRun) -> MailboxSearch:
        for _ in range(_TRIES - 1):
            try:
                return self._search(mailbox, run)
            except Throttled as error:
                self._sleep(min(error.retry_after, _LONGEST_WAIT).total_seconds())
        return self._search(mailbox, run)

    def _search(self, mailbox: str, run: BackfillRun) -> MailboxSearch:
        graph = self._graph()
        search = CalendarSearch(
            mailbox=mailbox, start=self._world.now(), until=run.state.until, policy=run.policy
        )
        calendars = CalendarsOfMailbox(lambda each, _: self._searcher.search(each, graph), search, graph)
        missing: list[MissingLink] = []
        would_enable: Counter[str] = Counter()
        for found in calendars.search():
            if found.verdict is Verdict.ENABLE:
                missing.append(MissingLink(found.id, found.rule, mails(found.event)))
            elif found.verdict is Verdict.WOULD_ENABLE and found.rule:
                would_enable[found.rule] += 1
        return MailboxSearch(
            mailbox=mailbox,
            status=SearchStatus.SEARCHED,
            unreadable=calendars.unreadable_events,
            unread_calendars=len(calendars.unread),
            name=graph.user(mailbox).name if missing else "",
            missing=tuple(missing),
            would_enable=would_enable,
        )
