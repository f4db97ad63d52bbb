"""The calls that only a trial at a desk makes: it creates items of its own, and deletes them again.

Events carry a `transactionId`, by which an event is found again whose answer was lost
(https://learn.microsoft.com/graph/api/resources/event).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from shared.errors import EventNotFound, MailboxUnusable
from shared.graph.protocol.call import GraphCall, path_segment, user_path, utc_text
from shared.graph.protocol.event_calls import PREFER, read_calendar_view, read_event

_PAGE = "50"
_HEADERS = {"Prefer": PREFER}


def create_event(mailbox: str, body: Mapping[str, Any], calendar: str = "") -> GraphCall:
    """POST an event, in the default calendar or in another (https://learn.microsoft.com/graph/api/user-post-events)."""
    return GraphCall(
        name="create the event",
        method="POST",
        mailbox=mailbox,
        path=f"{_calendar_path(mailbox, calendar)}/events",
        headers=_HEADERS,
        json=body,
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
        at_most_once=True,
    )


def update_event(mailbox: str, event: str, changes: Mapping[str, Any], etag: str = "") -> GraphCall:
    """PATCH properties of an event; with an ETag, only if the event still has that version."""
    return GraphCall(
        name="change the event",
        method="PATCH",
        mailbox=mailbox,
        path=read_event(mailbox, event).path,
        headers={**_HEADERS, **({"If-Match": etag} if etag else {})},
        json=changes,
        at_most_once=True,
    )


def delete_event(mailbox: str, event: str) -> GraphCall:
    """DELETE an event (https://learn.microsoft.com/graph/api/event-delete)."""
    return GraphCall(
        name="delete the event", method="DELETE", mailbox=mailbox, path=read_event(mailbox, event).path
    )


def list_instances(mailbox: str, series: str, start: datetime, end: datetime) -> GraphCall:
    """Get the occurrences and exceptions of a series (https://learn.microsoft.com/graph/api/event-list-instances)."""
    view = read_calendar_view(mailbox, start, end)
    path = f"{read_event(mailbox, series).path}/instances"
    return replace(view, name="read the occurrences", path=path, errors={})


def find_events(mailbox: str, calendar: str, start: datetime, end: datetime) -> GraphCall:
    """Get ids and transaction ids of a calendar's events between two moments."""
    return GraphCall(
        name="search for the event",
        method="GET",
        mailbox=mailbox,
        path=f"{_calendar_path(mailbox, calendar)}/calendarView",
        params={
            "startDateTime": utc_text(start),
            "endDateTime": utc_text(end),
            "$select": "id,transactionId,seriesMasterId",
            "$top": _PAGE,
        },
        headers=_HEADERS,
    )


def create_calendar(mailbox: str, name: str) -> GraphCall:
    """POST a calendar (https://learn.microsoft.com/graph/api/user-post-calendars)."""
    return GraphCall(
        name="create the calendar",
        method="POST",
        mailbox=mailbox,
        path=f"{user_path(mailbox)}/calendars",
        json={"name": name},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
        at_most_once=True,
    )


def list_calendars(mailbox: str) -> GraphCall:
    """Get the first page of a mailbox's calendars (https://learn.microsoft.com/graph/api/user-list-calendars)."""
    return GraphCall(
        name="list the calendars",
        method="GET",
        mailbox=mailbox,
        path=f"{user_path(mailbox)}/calendars",
        params={"$top": _PAGE},
    )


def delete_calendar(mailbox: str, calendar: str) -> GraphCall:
    """DELETE a calendar with its events (https://learn.microsoft.com/graph/api/calendar-delete)."""
    return GraphCall(
        name="delete the calendar", method="DELETE", mailbox=mailbox, path=_calendar_path(mailbox, calendar)
    )


def list_messages(mailbox: str, since: datetime) -> GraphCall:
    """Get the first page of the messages that came since (https://learn.microsoft.com/graph/api/user-list-messages)."""
    return GraphCall(
        name="read the messages",
        method="GET",
        mailbox=mailbox,
        path=f"{user_path(mailbox)}/messages",
        params={
            "$filter": f"receivedDateTime ge {utc_text(since)}",
            "$select": "id,subject,receivedDateTime",
            "$top": _PAGE,
        },
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
    )


def items_of(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects in the list of an answer."""
    items = answer.get("value")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _calendar_path(mailbox: str, calendar: str) -> str:
    user = user_path(mailbox)
    return f"{user}/calendars/{path_segment(calendar, EventNotFound)}" if calendar else user
