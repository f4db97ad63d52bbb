"""Searches the default calendar of a mailbox, then the others that it owns if the rules say so."""

from collections.abc import Iterator

from shared.errors import EventNotFound, GraphError, NotConnected, Throttled, Unauthorized
from shared.graph.client import Graph
from shared.rules.policy import CalendarScope
from shared.worker.events.calendar_pages import CalendarSearch
from shared.worker.events.calendar_search import CalendarSearcher, FoundEvent
from shared.worker.events.owned_calendars import owned_calendars

#: errors that say nothing about one calendar
_GENERAL = (Throttled, Unauthorized, NotConnected)


class CalendarsOfMailbox:
    """One search of a mailbox; `search` is that of its default calendar.

    Attributes:
        unread: how many calendars, or lists of them, Graph did not show.
    """

    def __init__(self, searcher: CalendarSearcher, search: CalendarSearch, graph: Graph) -> None:
        self._searcher = searcher
        self._search = search
        self._graph = graph
        self.unread = 0

    @property
    def unreadable_events(self) -> int:
        """How many events can't be read and were not decided."""
        return self._search.unreadable_count

    def search(self) -> Iterator[FoundEvent]:
        """Yield every event of the window with its verdict, each series once.

        Raises:
            GraphError: the default calendar can't be searched, or the mailbox can't be read now.
            StorageUnavailable: the tables can't be read.
        """
        yield from self._searcher.search(self._search, self._graph)
        for calendar in self._owned():
            self._search = self._search.in_calendar(calendar)
            try:
                yield from self._searcher.search(self._search, self._graph)
            except _GENERAL:
                raise
            except EventNotFound:  # it was deleted meanwhile
                continue
            except GraphError:
                self.unread += 1

    def _owned(self) -> tuple[str, ...]:
        if self._search.policy.calendars is CalendarScope.DEFAULT:
            return ()
        try:
            return owned_calendars(self._graph.calendars(self._search.mailbox))
        except _GENERAL:
            raise
        except GraphError:
            self.unread += 1
            return ()
