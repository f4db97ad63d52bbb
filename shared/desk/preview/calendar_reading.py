"""Reads the meetings of one calendar, each series once, and waits as long as Graph asks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain.event import Calendar, Event
from shared.errors import EventNotFound, GraphPaused, Throttled, UnreadableEvent
from shared.graph.client import Graph
from shared.worker.events.calendar_pages import CalendarSearch, read_next_page

#: how long one mailbox may wait for Graph in all; after that it is left for a later run
PATIENCE = timedelta(minutes=15)
_SHORTEST_WAIT = timedelta(seconds=1)

Answer = TypeVar("Answer")


@dataclass(slots=True)
class _ShownSeries:
    """What the window shows of a series: the start of its first occurrence, and its last one."""

    start: datetime
    last: Event
    needs_master: bool = False


class CalendarReading:
    """One reading. Its calls follow each other, so that the mailbox gets one request at a given time.

    Attributes:
        copies: how many events were found that others organize.
        unreadable: how many events can't be read.
    """

    def __init__(
        self,
        search: CalendarSearch,
        graph: Graph,
        *,
        is_added: Callable[[str], bool],
        wait: Callable[[timedelta], None],
    ) -> None:
        """`is_added` returns whether Joinlink has added the link of an event, by the event's id."""
        self._search = search
        self._graph = graph
        self._is_added = is_added
        self._wait = wait
        self._waited = timedelta(0)
        self._calendar: Calendar | None = None
        self.copies = 0
        self.unreadable = 0

    def meetings(self) -> Iterator[tuple[Event, datetime]]:
        """Yield each meeting that the mailbox organizes, and when it starts in the window.

        For a series it is the series master; if a guard decides already by an occurrence, the occurrence.

        Raises:
            GraphError: the calendar can't be read.
        """
        series: dict[str, _ShownSeries] = {}
        while not self._search.is_over:
            for event in self._next_page():
                if event.master is not None:
                    self._note_occurrence(event, event.master, series)
                elif event.is_organizer:
                    yield event, event.start
                else:
                    self.copies += 1
        for master, shown in series.items():
            yield from self._series(master, shown)

    def calendar(self) -> Calendar:
        """Return the calendar, for its providers. Raises GraphError."""
        if self._calendar is None:
            self._calendar = self._patiently(lambda: self._graph.default_calendar(self._search.mailbox))
        return self._calendar

    def _next_page(self) -> tuple[Event, ...]:
        search = self._search
        page = self._patiently(lambda: read_next_page(search, self._graph))
        self.unreadable += len(page.unreadable)
        search.pages += 1
        search.page, search.is_over = page.cursor, not page.cursor
        return page.events

    def _note_occurrence(self, event: Event, master: str, series: dict[str, _ShownSeries]) -> None:
        shown = series.setdefault(master, _ShownSeries(event.start, event))
        shown.start = min(shown.start, event.start)
        if event.end >= shown.last.end:
            shown.last = event
        # An occurrence shows the link of its series; an exception shows only its own.
        shows_link = event.type == "occurrence" and bool(event.join_url) and not self._is_added(master)
        shown.needs_master |= event.is_organizer and not shows_link

    def _series(self, master: str, shown: _ShownSeries) -> Iterator[tuple[Event, datetime]]:
        if not shown.last.is_organizer:
            self.copies += 1
            return
        if not shown.needs_master:
            yield shown.last, shown.start
            return
        search = self._search
        try:
            event = self._patiently(
                lambda: self._graph.event(search.mailbox, master, with_body=search.policy.look_in_body)
            )
        except EventNotFound:  # deleted meanwhile
            return
        except UnreadableEvent:
            self.unreadable += 1
            return
        yield event, shown.start

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        """Return the answer to a call; wait and call again as long as Graph asks for it."""
        while True:
            try:
                return call()
            except (Throttled, GraphPaused) as error:
                wait = max(error.retry_after, _SHORTEST_WAIT)
                self._waited += wait
                if self._waited > PATIENCE:
                    raise
                self._wait(wait)
