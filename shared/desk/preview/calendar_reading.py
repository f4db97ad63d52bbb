"""Reads the meetings of one mailbox, each series once."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from shared.desk.preview.patience import Patience
from shared.desk.preview.shown_series import Shown, ShownSeries
from shared.domain.ending import with_occurrence
from shared.domain.event import Calendar, Event
from shared.errors import (
    EventNotFound,
    GraphError,
    NotConnected,
    Throttled,
    Unauthorized,
    UnreadableEvent,
)
from shared.graph.client import Graph
from shared.worker.events.bodies import read_with_body
from shared.worker.events.calendar_pages import CalendarSearch, read_next_page
from shared.worker.events.moved_occurrences import TRIES, read_moved_occurrences
from shared.worker.events.owned_calendars import owned_calendars

#: errors that say nothing about one calendar
_GENERAL = (Throttled, Unauthorized, NotConnected)


class FoundMeeting(NamedTuple):
    """A meeting that the mailbox organizes, and when it starts in the window.

    `event` is the series master for a series; if a guard decides already by an occurrence, the occurrence.
    `calendar` is the id of its calendar, empty for the default one. `doubt` is why it is not known whether a
    series has ended, empty if it is.
    """

    event: Event
    start: datetime
    calendar: str
    doubt: str = ""


class CalendarReading:
    """One reading. Its calls follow each other, so that the mailbox gets one request at a given time.

    Attributes:
        copies: how many events were found that others organize.
        unreadable: how many events can't be read.
        unread_calendars: how many calendars, or lists of them, Graph did not show.
    """

    def __init__(
        self,
        search: CalendarSearch,
        graph: Graph,
        *,
        now: datetime,
        is_added: Callable[[str], bool],
        patience: Patience,
    ) -> None:
        """Decisions are of `now`; `is_added` returns whether Joinlink has added the link of an event id."""
        self._search = search
        self._mailbox = search.mailbox
        self._graph = graph
        self._now = now
        self._is_added = is_added
        self._patience = patience
        self._calendars: dict[str, Calendar] = {}
        self.copies = 0
        self.unreadable = 0
        self.unread_calendars = 0

    def meetings(self, *, owned: bool) -> Iterator[FoundMeeting]:
        """Yield the meetings of the default calendar, and of all others that the mailbox owns if `owned`.

        Raises:
            GraphError: the default calendar can't be read, or the mailbox can't be read now.
        """
        yield from self._in_calendar()
        for calendar in self._owned() if owned else ():
            self._search = self._search.in_calendar(calendar)
            try:
                yield from self._in_calendar()
            except _GENERAL:
                raise
            except EventNotFound:  # it was deleted meanwhile
                continue
            except GraphError:
                self.unread_calendars += 1

    def calendar_of(self, found: FoundMeeting) -> Calendar:
        """Return the calendar of a meeting, for its providers. Raises GraphError."""
        if found.calendar not in self._calendars:
            self._calendars[found.calendar] = self._patience.call(lambda: self._read_calendar(found))
        return self._calendars[found.calendar]

    def with_body(self, event: Event) -> Event:
        """Return the event with its body, if that is not too large. Raises GraphError."""
        return self._patience.call(lambda: read_with_body(self._graph, self._mailbox, event))

    def _read_calendar(self, found: FoundMeeting) -> Calendar:
        if found.calendar:
            return self._graph.calendar_of(self._mailbox, found.event.id)
        return self._graph.default_calendar(self._mailbox)

    def _owned(self) -> tuple[str, ...]:
        try:
            return owned_calendars(self._patience.call(lambda: self._graph.calendars(self._mailbox)))
        except _GENERAL:
            raise
        except GraphError:
            self.unread_calendars += 1
            return ()

    def _in_calendar(self) -> Iterator[FoundMeeting]:
        calendar = self._search.calendar
        with ShownSeries() as series:
            while not self._search.is_over:
                for event in self._next_page():
                    if event.master is not None:
                        series.note(event.master, event, needs_master=self._needs_master(event, event.master))
                    elif event.is_organizer:
                        yield FoundMeeting(event, event.start, calendar)
                    else:
                        self.copies += 1
            for shown in series:
                found = self._event_of_series(shown)
                if found is not None:
                    event, doubt = found
                    yield FoundMeeting(event, shown.start, calendar, doubt)

    def _next_page(self) -> tuple[Event, ...]:
        search = self._search
        page = self._patience.call(lambda: read_next_page(search, self._graph))
        self.unreadable += len(page.unreadable)
        search.pages += 1
        search.page, search.is_over = page.cursor, not page.cursor
        return page.events

    def _needs_master(self, event: Event, master: str) -> bool:
        """Return whether the decision about the series of an occurrence needs its master."""
        # An occurrence shows the link of its series; an exception shows only its own.
        shows_link = event.type == "occurrence" and bool(event.join_url) and not self._is_added(master)
        return event.is_organizer and not shows_link

    def _event_of_series(self, shown: Shown) -> tuple[Event, str] | None:
        """Return what decides for a series, and why it is not known whether it has ended, empty if it is.

        None if the mailbox does not organize it, or it can't be read.
        """
        if not shown.last.is_organizer:
            self.copies += 1
            return None
        if not shown.needs_master:
            return shown.last, ""
        try:
            return self._read_series(shown.master, shown.last)
        except EventNotFound:  # deleted meanwhile
            return None
        except UnreadableEvent:
            self.unreadable += 1
            return None

    def _read_series(self, master: str, occurrence: Event) -> tuple[Event, str]:
        """Return a series, with an occurrence that may have been moved behind its last one."""
        read = self._patience.call(lambda: self._graph.event(self._mailbox, master))
        series = with_occurrence(read, occurrence)
        return self._patience.call_often(
            lambda failures: read_moved_occurrences(
                series, self._mailbox, self._now, self._graph, is_last_try=failures == TRIES
            ),
            TRIES,
        )
