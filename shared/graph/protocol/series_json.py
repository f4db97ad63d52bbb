"""Reads Graph's JSON of the exceptions of a series: the occurrences that were changed on their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.event import Event
from shared.errors import UnexpectedAnswer, UnreadableEvent
from shared.graph.protocol.event_calls import EXCEPTION_FIELDS
from shared.graph.protocol.event_json import parse_event
from shared.graph.protocol.paging import NEXT_LINK

_KEY = "exceptionOccurrences"
_WANTED = ("id", *EXCEPTION_FIELDS.split(","))
#: read of one series; the size of the answer is limited, too
MOST_EXCEPTIONS = 5_000


@dataclass(frozen=True, slots=True)
class SeriesExceptions:
    """The exceptions of a series that can be read, with their times only, and how many can't be read."""

    events: tuple[Event, ...]
    unreadable: int


def parse_exceptions(data: Mapping[str, Any], call: str) -> SeriesExceptions:
    """Read the exceptions in the answer for a series; a series without any may come without the list.

    Raises:
        UnexpectedAnswer: they are not a list.
    """
    items = data.get(_KEY)
    if not isinstance(items, list | None):
        raise UnexpectedAnswer(call, detail=f"unexpected shape at {_KEY}")
    events: list[Event] = []
    unreadable = max(len(items or ()) - MOST_EXCEPTIONS, 0) + bool(data.get(f"{_KEY}{NEXT_LINK}"))
    for item in (items or ())[:MOST_EXCEPTIONS]:
        try:
            events.append(parse_event(_times_of(item), call))
        except UnreadableEvent:
            unreadable += 1
    return SeriesExceptions(tuple(events), unreadable)


def _times_of(item: object) -> object:
    """Return an exception without what was not asked for, because that must not make it unreadable."""
    return {key: item[key] for key in _WANTED if key in item} if isinstance(item, dict) else item
