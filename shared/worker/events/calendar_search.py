"""Searching a calendar for events that should get their link: how the sweep and the backfill look.

It goes through all that the calendar shows in a window, page by page, and asks the same `decide` as the
worker. Each event is judged by itself: one that can't be read never costs the others. Nothing is written; the
worker, who reads the event again, decides again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus

from shared.domain.decision import Verdict
from shared.domain.event import Event
from shared.domain.meeting import PENDING
from shared.errors import (
    EventNotFound,
    GraphError,
    GraphUnavailable,
    NotConnected,
    Throttled,
    Unauthorized,
    UnexpectedAnswer,
    UnreadableEvent,
)
from shared.graph.client import Graph
from shared.graph.protocol.calendar_json import CalendarPage
from shared.graph.protocol.event_calls import PAGE_SIZE
from shared.rules.decide import decide
from shared.rules.policy import Policy
from shared.storage.meetings import Meetings
from shared.worker.common.world import World
from shared.worker.events.directory_cache import DirectoryCache

#: No calendar shows more in a window: whoever has read so many pages goes round in circles.
MOST_PAGES = 10_000
#: of unreadable events this many are remembered by their ids
_NAMED = 200


@dataclass(slots=True, kw_only=True)
class Search:
    """What is searched, from `start` until `until`, and how far it has come.

    `page` is the mark of the page that comes next, empty at the beginning; `size` how many events a page may
    hold. `shown` counts what the calendar showed so far, `unreadable` holds events
    that can't be read, and why.
    """

    mailbox: str
    start: datetime
    until: datetime
    policy: Policy
    page: str = ""
    size: int = PAGE_SIZE
    #: whether a page that can't be read is tried smaller: not at the first failure, which may be Graph's
    may_halve: bool = True
    pages: int = 0
    is_over: bool = False
    shown: int = 0
    unreadable_count: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    series: set[str] = field(default_factory=set)
    #: a page link that was seen, hashed: who meets it again goes round in circles
    seen: str = ""
    pending: frozenset[str] | None = None
    #: tells that there is no time to read series; None where there is always time
    is_late: Callable[[], bool] | None = None

    def pass_over(self, event: str, detail: str) -> None:
        """Note an event that can't be read."""
        self.unreadable_count += 1
        if event and len(self.unreadable) < _NAMED:
            self.unreadable[event] = detail


@dataclass(frozen=True, slots=True)
class Judged:
    """An event, of a series its master, and what is to be done with it.

    `rule` is the one behind `enable` and `would_enable`; None where the worker is to see for itself: an
    earlier attempt has no end yet, or the series could not be read (`event` is one of its occurrences then).
    """

    id: str
    event: Event
    verdict: Verdict
    rule: str | None = None


class CalendarSearcher:
    """Searches calendars; one instance serves all threads of a process."""

    def __init__(
        self, *, world: World, directory: DirectoryCache, meetings: Meetings, report_only: bool
    ) -> None:
        self._world = world
        self._directory = directory
        self._meetings = meetings
        self._report_only = report_only

    def judged(self, search: Search, graph: Graph) -> Iterator[Judged]:
        """Yield every event of the window with its verdict, each series once.

        Raises:
            GraphError, StorageUnavailable: the search broke off.
        """
        while not search.is_over:
            yield from self.judge_page(search, graph)

    def judge_page(self, search: Search, graph: Graph) -> Iterator[Judged]:
        """Yield the events of the next page; when all were taken, `search` stands at the page behind it.

        Raises:
            GraphError, StorageUnavailable: the page is to be done again; `search` may have a smaller size.
        """
        if search.pending is None:
            search.pending = self._meetings.keys_in_states(search.mailbox, PENDING)
        page = _read(search, graph)
        for one in page.unreadable:
            search.shown += 1
            search.pass_over(one.id, one.detail)
        for event in page.events:
            search.shown += 1
            if event.master is None:
                yield self._judge(event, search)
            elif event.master not in search.series and not _needs_no_look(event):
                search.series.add(event.master)
                yield from self._judge_series(event, event.master, search, graph)
        search.pages += 1
        search.page, search.is_over = page.cursor, not page.cursor

    def _judge_series(self, event: Event, master: str, search: Search, graph: Graph) -> Iterator[Judged]:
        """Judge the series of an occurrence; without time to read it, or in trouble, the worker is to."""
        unread = Judged(master, event, Verdict.ENABLE)
        if search.is_late and search.is_late():
            yield unread
            return
        try:
            yield self._judge(
                graph.event(search.mailbox, master, with_body=search.policy.look_in_body), search
            )
        except EventNotFound:
            return
        except UnreadableEvent as error:
            search.pass_over(master, error.detail)
        except (Throttled, Unauthorized, NotConnected):
            raise
        except GraphError:
            if not search.is_late:
                raise
            yield unread

    def _judge(self, event: Event, search: Search) -> Judged:
        """Decide as the worker will; what we remember of an event is read only where that could matter."""
        policy, now = search.policy, self._world.now()
        is_left_out = policy.mailboxes.excludes_user(event.organizer)
        pending = search.pending or frozenset()
        if event.is_organizer and not is_left_out and self._meetings.key(event.id) in pending:
            return Judged(event.id, event, Verdict.ENABLE)
        decision = decide(event, policy, self._directory.facts(policy), now)
        if decision.verdict in {Verdict.ENABLE, Verdict.WOULD_ENABLE}:
            meeting = self._meetings.read(search.mailbox, event.id).meeting
            decision = decide(event, policy, self._directory.facts(policy, meeting), now)
        if self._report_only:
            decision = decision.under_brake()
        return Judged(event.id, event, decision.verdict, decision.rule)


def _read(search: Search, graph: Graph) -> CalendarPage:
    """Read the next page. One that is too heavy for its mailbox is halved, and stays so.

    Some mailboxes answer 500 or 504 to one page size for ever and are well at a smaller one. That is the
    reason where a page of one can be read, and then the page still can't: an outage is over by then.
    """
    is_well = False
    while True:
        try:
            page = _page(search, graph, search.size)
            break
        except NotConnected:
            raise
        except GraphUnavailable as error:
            may_be_heavy = error.status is None or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            if search.size == 1 or not search.may_halve or not may_be_heavy:
                raise
            if is_well:
                search.size //= 2
            else:
                _page(search, graph, 1)
                is_well = True
    if _leads_back(page.cursor, search) or search.pages >= MOST_PAGES:
        detail = "the calendar's pages do not end"
        raise UnexpectedAnswer("read the calendar view", status=HTTPStatus.OK, detail=detail)
    return page


def _leads_back(mark: str, search: Search) -> bool:
    """Tell whether a page link was seen before.

    Remembering one, and another each time that the number of pages has doubled, finds every circle (Brent's
    way), and is little enough for the next message of a sweep.
    """
    link, number = sha256(mark.encode()).hexdigest()[:16], search.pages + 1
    if mark and link == search.seen:
        return True
    if number & (number - 1) == 0:
        search.seen = link
    return False


def _page(search: Search, graph: Graph, size: int) -> CalendarPage:
    return graph.calendar_page(
        search.mailbox,
        (search.start, search.until),
        cursor=search.page,
        size=size,
        with_body=search.policy.look_in_body,
    )


def _needs_no_look(event: Event) -> bool:
    """Tell whether an occurrence shows that its series needs nothing; an exception shows only itself."""
    return not event.is_organizer or (event.type == "occurrence" and bool(event.join_url))
