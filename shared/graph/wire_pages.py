"""Pages of a calendar, read item by item: one event that can't be read never costs the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from shared.domain.event import Event
from shared.errors import GraphUnavailable, UnreadableEvent
from shared.graph.shapes import items_from
from shared.graph.wire import event_from

#: Graph's links have a few hundred characters; what is longer would not fit into a queue message.
_LONGEST_MARK = 8_000
_LONGEST_ID = 1_024


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An event that can't be read: its id, empty where that can't be read either, and the places."""

    id: str
    detail: str


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """A page; `mark` is the query of the page that follows, empty on the last."""

    events: tuple[Event, ...]
    unreadable: tuple[Unreadable, ...]
    mark: str


def calendar_page_from(data: Mapping[str, Any], call: str) -> CalendarPage:
    """Read a page of events.

    Raises:
        GraphUnavailable: it is no page, or its link to the next can't be followed.
    """
    events: list[Event] = []
    unreadable: list[Unreadable] = []
    for item in items_from(dict(data), call):
        try:
            events.append(event_from(item, call))
        except UnreadableEvent as error:
            unreadable.append(Unreadable(_id_of(item), error.detail))
    return CalendarPage(tuple(events), tuple(unreadable), _mark_in(data, call))


def _mark_in(data: Mapping[str, Any], call: str) -> str:
    """Return the query alone: whoever follows it knows the rest, and our token goes to no other place."""
    link = data.get("@odata.nextLink") or ""
    try:
        mark = urlsplit(link).query if isinstance(link, str) else None
    except ValueError:
        mark = None
    if mark is None or bool(link) != bool(mark) or len(mark) > _LONGEST_MARK:
        raise GraphUnavailable(call, status=HTTPStatus.OK, detail="a page link that can't be followed")
    return mark


def _id_of(item: object) -> str:
    found = item.get("id") if isinstance(item, dict) else None
    return found[:_LONGEST_ID] if isinstance(found, str) and found.isprintable() else ""
