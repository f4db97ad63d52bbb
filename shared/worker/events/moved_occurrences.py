"""Finds out whether a series that seems to be over has an occurrence ahead, because somebody moved it."""

from datetime import datetime

from shared.domain.ending import seems_over, with_occurrence
from shared.domain.event import Event
from shared.errors import (
    EventNotFound,
    GraphError,
    GraphUnavailable,
    NotConnected,
    Throttled,
    Unauthorized,
)
from shared.graph.client import Graph

#: failed reads of moved occurrences in a row; the next one is the last
TRIES = 3
_TEMPORARY = (Throttled, GraphUnavailable, Unauthorized, EventNotFound)


def read_moved_occurrences(
    event: Event, mailbox: str, now: datetime, graph: Graph, *, is_last_try: bool = False
) -> tuple[Event, str]:
    """Return a series with the end of its moved occurrences; and why that is not known, "" if it is.

    Calls Graph only if the event is a series that seems to be over. Graph may fail forever to show the
    occurrences of a series: at the last try, such a failure is the reason why the end is not known.

    Raises:
        Throttled, GraphUnavailable, Unauthorized, EventNotFound: a later read may succeed.
    """
    if not seems_over(event, now):
        return event, ""
    try:
        exceptions = graph.exceptions_of(mailbox, event.id)
    except _TEMPORARY as error:
        is_final = is_last_try and isinstance(error, GraphUnavailable) and not isinstance(error, NotConnected)
        if not is_final:
            raise
        return event, str(error)
    except GraphError as error:
        return event, str(error)
    for each in exceptions.events:
        event = with_occurrence(event, each)
    if exceptions.unreadable and seems_over(event, now):
        return event, f"{exceptions.unreadable} changed occurrences of the series can't be read"
    return event, ""
