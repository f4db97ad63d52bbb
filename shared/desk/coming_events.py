"""Lists the coming events of a mailbox, each series once, with the facts for a decision. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.desk.event_reader import EventReader, LiveEvent
from shared.domain.event import Event
from shared.errors import EventNotFound, UnreadableEvent
from shared.graph.protocol.calendar_json import UnreadableItem
from shared.worker.events.calendar_pages import CalendarSearch, read_next_page

#: A calendar of 20,000 meetings must not fill the memory; this is more than an admin reads.
_MOST_READ = 2_000


@dataclass(frozen=True, slots=True)
class ComingEvent:
    """An event that decides; of a series, `next_start` is that of the next occurrence (aware UTC)."""

    next_start: datetime
    live: LiveEvent


@dataclass(frozen=True, slots=True)
class ComingEvents:
    """The first events of a time, those that can't be read, and how many more there are.

    `is_cut`: Graph lists more than are read at once, so that some of the first may be missing.
    """

    events: tuple[ComingEvent, ...]
    unreadable: tuple[UnreadableItem, ...]
    more: int
    is_cut: bool


def coming_events(reader: EventReader, search: CalendarSearch, now: datetime, *, most: int) -> ComingEvents:
    """Return the first `most` events of the search's time, by their start, for decisions at `now`.

    Raises:
        GraphError, StorageUnavailable: they can't be read.
    """
    found: dict[str, Event] = {}
    unreadable: list[UnreadableItem] = []
    while not search.is_over and len(found) < _MOST_READ:
        page = read_next_page(search, reader.graph)
        unreadable += page.unreadable
        for event in page.events:
            earlier = found.get(event.master or event.id)
            if earlier is None or event.start < earlier.start:
                found[event.master or event.id] = event
        search.pages += 1
        search.page, search.is_over = page.cursor, not page.cursor
    first = sorted(found.values(), key=lambda event: event.start)
    return ComingEvents(
        tuple(_with_facts(reader, search, first[:most], unreadable, now)),
        tuple(unreadable),
        more=max(len(first) - most, 0),
        is_cut=not search.is_over,
    )


def _with_facts(
    reader: EventReader,
    search: CalendarSearch,
    events: list[Event],
    unreadable: list[UnreadableItem],
    now: datetime,
) -> Iterator[ComingEvent]:
    """Yield the events with their facts; a series that ended meanwhile is left out."""
    owner = reader.owner(search.mailbox)
    for event in events:
        try:
            yield ComingEvent(event.start, reader.live(search.mailbox, event, owner, search.policy, now))
        except EventNotFound:
            continue
        except UnreadableEvent as error:
            unreadable.append(UnreadableItem(event.master or event.id, error.detail))
