"""The backfill: links for meetings that were there before the rules were.

One mailbox after the other is searched, and what should get its link goes on the `event-changes` queue, each
change visible at its own moment. The worker then does what it always does, so a backfill that is killed and
run again writes nothing twice. Which mailboxes are done, and until when changes come in them, is kept in the
`backfills` table: before they are sent, so that nobody ever sends more to a mailbox than its pace allows.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from shared.desk.backfill_pace import Slots
from shared.desk.backfill_runs import Backfills, Booked, OpenRun
from shared.domain.decision import Verdict
from shared.domain.event import Event
from shared.domain.messages import EventChange, Source
from shared.domain.queue_port import QueueSender
from shared.errors import GraphError, MailboxUnusable, Throttled, Unauthorized
from shared.graph.client import Graph
from shared.rules.mailboxes import ALL, Mailboxes as Selected, Selector
from shared.rules.policy import Policy
from shared.storage.mailboxes import CLOCKS_DIFFER, Mailboxes
from shared.storage.sorted_id_file import SortedIdFile
from shared.worker.common.world import World
from shared.worker.events.calendar_search import CalendarSearcher, Search
from shared.worker.mailboxes.scope import read_scope

#: A run that was left is gone on with for so long; then the same words begin another.
_OPEN = timedelta(days=1)
#: A queue holds a message for seven days at most, so nothing is booked for later.
_FURTHEST = timedelta(days=8)
#: What is due on a queue is soon done; until then a mailbox counts as under way.
_SOON_DONE = timedelta(minutes=5)
#: Graph's wait is kept so often, and never for longer; then the mailbox is left for the next time.
_TRIES = 3
_LONGEST_WAIT = timedelta(minutes=5)


_HELD = "it left the scope with many others and is held: see joinlink status"


class Standing(Enum):
    """What a look at a mailbox came to."""

    SEARCHED = "searched"
    #: this run has done it before it was broken off
    DONE_BEFORE = "done_before"
    #: changes of an earlier run are still to come
    UNDER_WAY = "under_way"
    #: nobody keeps a calendar there, or it is not watched any more
    NO_CALENDAR = "no_calendar"
    #: Graph did not let it be searched: it is left for the next time
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An event that should get its link by `rule`, which may mail so many attendees.

    `rule` is None where an earlier attempt has no end yet: the worker settles it.
    """

    event: str
    rule: str | None
    mails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found in a mailbox; `why` says what stood in the way."""

    mailbox: str
    standing: Standing
    #: user principal name, where something is wanted
    name: str = ""
    wanted: tuple[Wanted, ...] = ()
    #: how many events each rule would enable if it, or the app, were allowed to
    would_enable: Mapping[str, int] = field(default_factory=dict)
    #: how many events can't be read, and so were not judged
    unreadable: int = 0
    why: str = ""
    booked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """When each change of a mailbox comes; `later` are those beyond what a queue can hold."""

    changes: tuple[tuple[Wanted, datetime], ...]
    later: tuple[Wanted, ...]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run; `purpose` is what it was asked for, `is_continued` tells that it goes on after a break."""

    state: OpenRun
    policy: Policy
    purpose: str
    is_continued: bool
    slots: Slots


class Backfill:
    """Looks, plans and sends, mailbox by mailbox. `look` may be called from many threads."""

    def __init__(
        self,
        *,
        world: World,
        graph: Callable[[], Graph],
        searcher: CalendarSearcher,
        mailboxes: Mailboxes,
        backfills: Backfills,
        queue: QueueSender,
        sleep: Callable[[float], None],
    ) -> None:
        self._world = world
        self._graph = graph
        self._searcher = searcher
        self._mailboxes = mailboxes
        self._backfills = backfills
        self._queue = queue
        self._sleep = sleep

    def read_scope(self, policy: Policy, selector: Selector | None, scope: SortedIdFile) -> tuple[str, ...]:
        """Fill `scope` with whom the selector names among those that the rules are for; None names all.

        Returns what makes one doubt that nobody is missing. Raises GraphError.
        """
        if selector is None:
            return read_scope(policy.mailboxes, self._graph(), scope)
        chosen = Selected(include=(selector,), exclude=policy.mailboxes.exclude)
        doubts = read_scope(chosen, self._graph(), scope)
        if policy.mailboxes.include is ALL:
            return doubts
        with SortedIdFile() as whole:
            doubts += read_scope(policy.mailboxes, self._graph(), whole)
            scope.remove([mailbox for mailbox, _why in scope if mailbox not in whole])
        return doubts

    def run(self, policy: Policy, purpose: str, until: datetime) -> Run:
        """Return the run for this purpose that was broken off, or a new one until then. Writes nothing.

        Raises:
            StorageUnavailable: the table can't be read.
        """
        now = self._world.now()
        purpose = f"{purpose} {policy.hash}"
        left = self._backfills.open_run(purpose)
        is_left = left is not None and left.started - CLOCKS_DIFFER <= now < left.started + _OPEN
        return Run(
            state=left if left and is_left else OpenRun(self._world.new_id(), now, until),
            policy=policy,
            purpose=purpose,
            is_continued=is_left,
            slots=Slots(now),
        )

    def run_anew(self, run: Run) -> Run:
        """Return the same run with no moments given away: what was counted is now done."""
        return replace(run, slots=Slots(self._world.now()))

    def look(self, mailbox: str, run: Run) -> Found:
        """Search a mailbox, unless there is nothing to do in it now.

        Raises:
            StorageUnavailable: the tables can't be read.
            Unauthorized: no mailbox can be searched.
        """
        booked, now = self._backfills.mailbox(mailbox), self._world.now()
        if booked.until and booked.until > now + _FURTHEST:
            booked = replace(booked, until=None)  # a clock far ahead wrote it, which must keep nobody out
        if booked.sent and booked.run == run.state.id:
            return Found(mailbox=mailbox, standing=Standing.DONE_BEFORE)
        if booked.sent and booked.until and now < booked.until:
            return Found(mailbox=mailbox, standing=Standing.UNDER_WAY, booked_until=booked.until)
        row = self._mailboxes.read(mailbox)
        if row.is_ineligible or row.is_read_only:
            why = row.unclear or (_HELD if row.held and not row.is_ineligible else "")
            return Found(mailbox=mailbox, standing=Standing.LEFT if why else Standing.NO_CALENDAR, why=why)
        try:
            return replace(self._search_patiently(mailbox, run), booked_until=booked.until)
        except Unauthorized:
            raise
        except MailboxUnusable:
            return Found(mailbox=mailbox, standing=Standing.NO_CALENDAR)
        except GraphError as error:
            return Found(mailbox=mailbox, standing=Standing.LEFT, why=str(error))

    def plan(self, found: Found, run: Run) -> Planned:
        """Return when each change of a mailbox comes."""
        slots = run.slots.of_mailbox(found.booked_until)
        changes: list[tuple[Wanted, datetime]] = []
        later: list[Wanted] = []
        for wanted in found.wanted:
            rule = run.policy.rule(wanted.rule) if wanted.rule else None
            at = slots.place(rule, wanted.mails)
            if at is None:
                later.append(wanted)
            else:
                changes.append((wanted, at))
        return Planned(tuple(changes), tuple(later), slots.last + (_SOON_DONE if changes else timedelta(0)))

    def begin(self, run: Run) -> None:
        """Note that mailboxes are about to be served. Raises StorageUnavailable."""
        self._backfills.note_run(run.purpose, run.state)

    def send(self, found: Found, planned: Planned, run: Run) -> None:
        """Put the changes of a mailbox on the queue.

        Raises:
            StorageUnavailable, QueueUnavailable: not all were taken; the run will do this mailbox anew.
        """
        mailbox, booked = found.mailbox, Booked(run.state.id, planned.until)
        self._backfills.book(mailbox, booked)
        for wanted, at in planned.changes:
            now = self._world.now()
            change = EventChange(
                mailbox=mailbox,
                event=wanted.event,
                source=Source.BACKFILL,
                received=now,
                trace=self._world.new_id(),
            )
            self._queue.send(change.encode(), max(at - now, timedelta(0)))
        self._backfills.book(mailbox, replace(booked, sent=True))

    def end(self, run: Run) -> None:
        """Note that the run left nothing to do: the same words begin another. Raises StorageUnavailable."""
        self._backfills.note_run(run.purpose, run.state, ended=True)

    def _search_patiently(self, mailbox: str, run: Run) -> Found:
        for _ in range(_TRIES - 1):
            try:
                return self._search(mailbox, run)
            except Throttled as error:
                self._sleep(min(error.retry_after, _LONGEST_WAIT).total_seconds())
        return self._search(mailbox, run)

    def _search(self, mailbox: str, run: Run) -> Found:
        graph = self._graph()
        search = Search(mailbox=mailbox, start=self._world.now(), until=run.state.until, policy=run.policy)
        wanted: list[Wanted] = []
        would_enable: Counter[str] = Counter()
        for found in self._searcher.judged(search, graph):
            if found.verdict is Verdict.ENABLE:
                wanted.append(Wanted(found.id, found.rule, _mails(found.event)))
            elif found.verdict is Verdict.WOULD_ENABLE and found.rule:
                would_enable[found.rule] += 1
        return Found(
            mailbox=mailbox,
            standing=Standing.SEARCHED,
            unreadable=search.unreadable_count,
            name=graph.user(mailbox).name if wanted else "",
            wanted=tuple(wanted),
            would_enable=would_enable,
        )


def _mails(event: Event) -> int:
    """Return how many attendees a write may mail (the organizer gets none)."""
    addresses = {attendee.address.lower() for attendee in event.attendees if attendee.address}
    return len(addresses - {event.organizer.lower()})
