"""Searches the default calendar of a mailbox, then the others that it owns if the rules say so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.desk.graph_refusal import refusal_words
from shared.errors import EventNotFound, GraphError, NotConnected, Throttled, Unauthorized
from shared.graph.client import Graph
from shared.rules.policy import CalendarScope
from shared.worker.events.calendar_pages import CalendarSearch
from shared.worker.events.owned_calendars import owned_calendars

#: errors that say nothing about one calendar
_GENERAL = (Throttled, Unauthorized, NotConnected)

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class NamedCalendar:
    """A calendar by its id and name; both are empty for the default calendar."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class UnreadCalendar:
    """What Graph did not show: `calendar` is its name, or says that it is the list; `why` is a sentence."""

    calendar: str
    why: str


class CalendarsOfMailbox(Generic[Found]):
    """One search of a mailbox; `search` is that of its default calendar.

    Attributes:
        unread: calendars, or lists of them, that Graph did not show.
    """

    def __init__(
        self,
        read: Callable[[CalendarSearch, NamedCalendar], Iterator[Found]],
        search: CalendarSearch,
        graph: Graph,
    ) -> None:
        """`read` yields what it finds in one calendar."""
        self._read = read
        self._search = search
        self._graph = graph
        self.unread: list[UnreadCalendar] = []

    @property
    def unreadable_events(self) -> int:
        """How many events can't be read and were not decided."""
        return self._search.unreadable_count

    def search(self) -> Iterator[Found]:
        """Yield what is found in each calendar.

        Raises:
            GraphError: the default calendar can't be searched, or the mailbox can't be read now.
            StorageUnavailable: the tables can't be read.
        """
        yield from self._read(self._search, NamedCalendar())
        for calendar in self._owned():
            self._search = self._search.in_calendar(calendar.id)
            try:
                yield from self._read(self._search, calendar)
            except _GENERAL:
                raise
            except EventNotFound:  # it was deleted meanwhile
                continue
            except GraphError as error:
                self.unread.append(UnreadCalendar(f'calendar "{calendar.name}"', refusal_words(error)))

    def _owned(self) -> tuple[NamedCalendar, ...]:
        if self._search.policy.calendars is CalendarScope.DEFAULT:
            return ()
        try:
            listed = self._graph.calendars(self._search.mailbox)
        except _GENERAL:
            raise
        except GraphError as error:
            self.unread.append(UnreadCalendar("list of further calendars", refusal_words(error)))
            return ()
        names = {one.id: one.name for one in listed}
        return tuple(NamedCalendar(one, names[one] or one) for one in owned_calendars(listed))
