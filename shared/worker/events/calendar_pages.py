"""Reads the pages of a calendar search. Handles pages that are too large, and pages that never end."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus

from shared.errors import GraphUnavailable, NotConnected, UnexpectedAnswer
from shared.graph.client import Graph
from shared.graph.protocol.calendar_json import CalendarPage
from shared.graph.protocol.event_calls import PAGE_SIZE
from shared.rules.policy import Policy

#: No calendar has more pages in a window: after this many, the page links form a circle.
MAX_PAGES = 10_000
#: Only this many unreadable events are kept with their ids.
_MAX_UNREADABLE = 200


@dataclass(slots=True, kw_only=True)
class CalendarSearch:
    """A search of a calendar of `mailbox` from `start` until `until`, and its progress.

    `calendar` is its id, empty for the default one. `page` is the link of the next page, empty at the
    beginning. `page_size` is how many events a page may hold. `shown` counts the events of all pages so far.
    `unreadable` has the ids of events that can't be read, and why.
    """

    mailbox: str
    start: datetime
    until: datetime
    policy: Policy
    calendar: str = ""
    page: str = ""
    page_size: int = PAGE_SIZE
    #: whether a page that fails is read with a smaller size: not at a first failure, which may be an outage
    may_halve: bool = True
    pages: int = 0
    is_over: bool = False
    shown: int = 0
    unreadable_count: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    #: ids of the series masters that were decided
    series: set[str] = field(default_factory=set)
    #: hash of one earlier page link, to detect a circle
    seen: str = ""
    #: keys of the events whose write is not settled; None before the first page
    pending: frozenset[str] | None = None
    #: keys of events that have ended according to their rows; one that has not was moved
    ended: frozenset[str] = frozenset()
    #: returns whether there is no time left to read single events; None if time is not limited
    is_late: Callable[[], bool] | None = None

    def has_no_time(self) -> bool:
        """Return whether there is no time left to read single events."""
        return self.is_late is not None and self.is_late()

    def in_calendar(self, calendar: str) -> "CalendarSearch":
        """Return the search of another calendar, with the totals so far."""
        return replace(self, calendar=calendar, page="", pages=0, is_over=False, series=set(), seen="")

    def note_unreadable(self, event: str, detail: str) -> None:
        """Count an event that can't be read."""
        self.unreadable_count += 1
        if event and len(self.unreadable) < _MAX_UNREADABLE:
            self.unreadable[event] = detail


def read_next_page(search: CalendarSearch, graph: Graph) -> CalendarPage:
    """Read the next page. If it is too large for its mailbox, halve `page_size` for the rest of the search.

    Raises:
        GraphError: the page can't be read, or the pages form a circle.
    """
    page = _read_with_smaller_size(search, graph)
    if _is_circle(page.cursor, search) or search.pages >= MAX_PAGES:
        detail = "the calendar's pages do not end"
        raise UnexpectedAnswer("read the calendar view", status=HTTPStatus.OK, detail=detail)
    return page


def _read_with_smaller_size(search: CalendarSearch, graph: Graph) -> CalendarPage:
    """Halve the page size until the page can be read.

    Some mailboxes always answer 500 or 504 to one page size and work with a smaller one. To tell them from an
    outage, a page of one event is read first.
    """
    is_reachable = False
    while True:
        try:
            return _read_page(search, graph, search.page_size)
        except NotConnected:
            raise
        except GraphUnavailable as error:
            if not search.may_halve or search.page_size == 1 or not _may_be_too_large(error):
                raise
        if is_reachable:
            search.page_size //= 2
        else:
            _read_page(search, graph, 1)
            is_reachable = True


def _may_be_too_large(error: GraphUnavailable) -> bool:
    return error.status is None or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _read_page(search: CalendarSearch, graph: Graph, size: int) -> CalendarPage:
    return graph.calendar_page(
        search.mailbox,
        (search.start, search.until),
        calendar=search.calendar,
        cursor=search.page,
        size=size,
    )


def _is_circle(page: str, search: CalendarSearch) -> bool:
    """Return whether a page link was seen before.

    Only one earlier link is kept, and replaced each time that the number of pages has doubled. This finds
    every circle (Brent's algorithm), and is short enough to pass on in the next message of a sweep.
    """
    link, number = sha256(page.encode()).hexdigest()[:16], search.pages + 1
    if page and link == search.seen:
        return True
    is_power_of_two = number & (number - 1) == 0
    if is_power_of_two:
        search.seen = link
    return False
