"""Lists the coming events of a mailbox, each series once, with the facts for a decision. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.desk.calendars_of_mailbox import CalendarsOfMailbox, NamedCalendar, UnreadCalendar
from shared.desk.event_reader import EventReader, LiveEvent
from shared.domain.event import Event
from shared.errors import EventNotFound, UnreadableEvent
from shared.graph.protocol.calendar_json import UnreadableItem
from shared.worker.events.calendar_pages import CalendarSearch, read_next_page

#: A mailbox with 20,000 meetings must not fill the memory; this is more than an admin reads.
_MOST_READ = 2_000


@dataclass(frozen=True, slots=True)
class ComingEvent:
    """An event that decides; of a series, `next_start` is that of the next occurrence (aware UTC).

    `calendar` is the name of its calendar, empty for the default one.
    """

    next_start: datetime
    live: LiveEvent
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingEvents:
    """The first events of a time, those that can't be read, and how many more there are.

    `is_cut`: Graph lists more than are read at once, so that some of the first may be missing.
    """

    events: tuple[ComingEvent, ...]
    unreadable: tuple[UnreadableItem, ...]
    unread_calendars: tuple[UnreadCalendar, ...]
    more: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class _Shown:
    event: Event
    calendar: str


class _Listing:
    """One listing of a mailbox."""

    def __init__(self, reader: EventReader, search: CalendarSearch, now: datetime) -> None:
        self._reader = reader
        self._search = search
        self._now = now
        self._found: dict[str, _Shown] = {}
        self._unreadable: list[UnreadableItem] = []
        self._is_cut = False

    def read(self, most: int) -> ComingEvents:
        calendars = CalendarsOfMailbox(self._pages, self._search, self._reader.graph)
        for shown in calendars.search():
            event = shown.event
            earlier = self._found.get(event.master or event.id)
            if earlier is None or event.start < earlier.event.start:
                self._found[event.master or event.id] = shown
        first = sorted(self._found.values(), key=lambda shown: shown.event.start)
        return ComingEvents(
            events=tuple(self._with_facts(first[:most])),
            unreadable=tuple(self._unreadable),
            unread_calendars=tuple(calendars.unread),
            more=max(len(first) - most, 0),
            is_cut=self._is_cut,
        )

    def _pages(self, search: CalendarSearch, calendar: NamedCalendar) -> Iterator[_Shown]:
        while not search.is_over:
            if len(self._found) >= _MOST_READ:
                self._is_cut = True
                return
            page = read_next_page(search, self._reader.graph)
            self._unreadable += page.unreadable
            yield from (_Shown(event, calendar.name) for event in page.events)
            search.pages += 1
            search.page, search.is_over = page.cursor, not page.cursor

    def _with_facts(self, shown: list[_Shown]) -> Iterator[ComingEvent]:
        """Yield the events with their facts; a series that ended meanwhile is left out."""
        mailbox, policy = self._search.mailbox, self._search.policy
        owner = self._reader.owner(mailbox)
        for each in shown:
            event = each.event
            try:
                live = self._reader.live(mailbox, event, owner, policy, self._now)
                yield ComingEvent(event.start, live, each.calendar)
            except EventNotFound:
                continue
            except UnreadableEvent as error:
                self._unreadable.append(UnreadableItem(event.master or event.id, error.detail))


def coming_events(reader: EventReader, search: CalendarSearch, now: datetime, *, most: int) -> ComingEvents:
    """Return the first `most` events of the search's time, by their start, for decisions at `now`.

    The calendars are those that the rules include. One that can't be read is named, unless it is the default
    one.

    Raises:
        GraphError, StorageUnavailable: they can't be read.
    """
    return _Listing(reader, search, now).read(most)
