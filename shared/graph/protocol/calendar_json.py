"""Reads Graph's JSON of calendars, and of their pages of events.

A page is read item by item: one unreadable event never affects the others.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from shared.domain.event import Calendar, Event
from shared.domain.ids import MAX_ID_LENGTH
from shared.domain.mailbox import ListedCalendar
from shared.errors import UnexpectedAnswer, UnreadableEvent
from shared.graph.protocol.event_json import parse_event
from shared.graph.protocol.json_shapes import (
    Flag,
    ItemId,
    LenientText,
    Shape,
    WithoutNulls,
    null_is,
    page_items,
    shape_errors,
)
from shared.graph.protocol.paging import cursor_of


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """An unreadable event of a page: its id, empty where that is unreadable too, and what is wrong."""

    id: str
    detail: str


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """A page of events; `cursor` leads to the next page and is empty on the last."""

    events: tuple[Event, ...]
    unreadable: tuple[UnreadableItem, ...]
    cursor: str


class _Calendar(Shape):
    id: ItemId
    default_online_meeting_provider: Annotated[str, null_is("unknown")] = "unknown"
    allowed_online_meeting_providers: Annotated[list[str], WithoutNulls] = Field(default_factory=list)

    def value(self) -> Calendar:
        return Calendar(
            id=self.id,
            default_online_meeting_provider=self.default_online_meeting_provider,
            allowed_online_meeting_providers=tuple(self.allowed_online_meeting_providers),
        )


def parse_calendar(data: dict[str, Any], call: str) -> Calendar:
    """Read a calendar; raises UnexpectedAnswer."""
    with shape_errors(call):
        return _Calendar.model_validate(data).value()


class _Owner(Shape):
    address: LenientText = ""


class _ListedCalendar(Shape):
    id: ItemId
    is_default_calendar: Flag = False
    can_edit: Flag = False
    owner: _Owner | None = None
    name: LenientText = ""

    def value(self) -> ListedCalendar:
        return ListedCalendar(
            id=self.id,
            is_default=self.is_default_calendar,
            can_edit=self.can_edit,
            owner=self.owner.address.strip().lower() if self.owner else "",
            name=self.name,
        )


def parse_listed_calendars(data: dict[str, Any], call: str) -> tuple[ListedCalendar, ...]:
    """Read a page of a mailbox's calendars, without those of an unexpected shape.

    Raises:
        GraphUnavailable: it has no list of items.
    """
    found = []
    for item in page_items(data, call):
        with suppress(UnexpectedAnswer), shape_errors(call):
            found.append(_ListedCalendar.model_validate(item).value())
    return tuple(found)


def parse_calendar_page(data: Mapping[str, Any], call: str) -> CalendarPage:
    """Read a page of events.

    Raises:
        GraphUnavailable: it has no list of items, or its link to the next page can't be followed.
    """
    events: list[Event] = []
    unreadable: list[UnreadableItem] = []
    for item in page_items(dict(data), call):
        try:
            events.append(parse_event(item, call))
        except UnreadableEvent as error:
            unreadable.append(UnreadableItem(_id_of(item), error.detail))
    return CalendarPage(tuple(events), tuple(unreadable), cursor_of(data, call))


def parse_event_ids(data: Mapping[str, Any], call: str) -> tuple[str, ...]:
    """Read the ids of a page of events. Raises GraphUnavailable where it has no list of items."""
    return tuple(filter(None, map(_id_of, page_items(dict(data), call))))


def _id_of(item: object) -> str:
    found = item.get("id") if isinstance(item, dict) else None
    return found[:MAX_ID_LENGTH] if isinstance(found, str) and found.isprintable() else ""
