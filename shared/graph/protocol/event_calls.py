"""The calls about events and their calendars.

Every call asks for immutable ids and UTC, so that one event has one id in messages, tables and answers
(https://learn.microsoft.com/graph/outlook-immutable-id).
"""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from shared.errors import EventNotFound, MailboxUnusable
from shared.graph.protocol.call import GraphCall, path_segment, user_path, utc_text

PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'
EVENT_FIELDS = (
    "id,type,seriesMasterId,subject,start,end,originalStartTimeZone,originalEndTimeZone,recurrence,isAllDay,"
    "isCancelled,isDraft,isOrganizer,organizer,attendees,sensitivity,showAs,importance,categories,location,"
    "locations,bodyPreview,isOnlineMeeting,onlineMeetingProvider,onlineMeeting,onlineMeetingUrl,"
    "lastModifiedDateTime"
)
CALENDAR_FIELDS = "id,allowedOnlineMeetingProviders,defaultOnlineMeetingProvider"

#: how many events a page of a calendar has, unless that is too many for the mailbox
PAGE_SIZE = 100


def read_event(mailbox: str, event: str, *, with_body: bool = False) -> GraphCall:
    """Get an event (https://learn.microsoft.com/graph/api/event-get); `with_body` as plain text."""
    return GraphCall(
        name="read the event",
        method="GET",
        mailbox=mailbox,
        path=_event_path(mailbox, event),
        params={"$select": f"{EVENT_FIELDS},body" if with_body else EVENT_FIELDS},
        headers={"Prefer": f'{PREFER}, outlook.body-content-type="text"' if with_body else PREFER},
    )


def find_event_ids(mailbox: str, uid: str) -> GraphCall:
    """Get the ids of the single events and series masters that have an iCalUId.

    https://learn.microsoft.com/graph/api/user-list-events
    """
    quoted = uid.replace("'", "''")
    return GraphCall(
        name="find the event",
        method="GET",
        mailbox=mailbox,
        path=f"{user_path(mailbox)}/events",
        params={"$filter": f"iCalUId eq '{quoted}'", "$select": "id"},
        headers={"Prefer": PREFER},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
    )


def read_calendar_view(mailbox: str, start: datetime, end: datetime, *, with_body: bool = False) -> GraphCall:
    """Get the first page of events between two moments; Graph expands series.

    https://learn.microsoft.com/graph/api/user-list-calendarview
    """
    event = read_event(mailbox, "any", with_body=with_body)
    window = {"startDateTime": utc_text(start), "endDateTime": utc_text(end), "$top": str(PAGE_SIZE)}
    return replace(
        event,
        name="read the calendar view",
        path=f"{user_path(mailbox)}/calendarView",
        params={**event.params, **window},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
    )


def read_calendar_of(mailbox: str, event: str) -> GraphCall:
    """Get the calendar that contains an event: one mailbox's calendars may have different providers."""
    return GraphCall(
        name="read the event's calendar",
        method="GET",
        mailbox=mailbox,
        path=f"{_event_path(mailbox, event)}/calendar",
        params={"$select": CALENDAR_FIELDS},
        headers={"Prefer": PREFER},
    )


def read_default_calendar(mailbox: str) -> GraphCall:
    """Get a mailbox's default calendar (https://learn.microsoft.com/graph/api/calendar-get)."""
    return GraphCall(
        name="read the mailbox's calendar",
        method="GET",
        mailbox=mailbox,
        path=f"{user_path(mailbox)}/calendar",
        params={"$select": CALENDAR_FIELDS},
        headers={"Prefer": PREFER},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
    )


def enable_online_meeting(mailbox: str, event: str, *, etag: str, provider: str) -> GraphCall:
    """PATCH the two properties and no other (https://learn.microsoft.com/graph/api/event-update).

    Above all not `body`: sending it removes or replaces the join link.
    """
    return GraphCall(
        name="enable the online meeting",
        method="PATCH",
        mailbox=mailbox,
        path=_event_path(mailbox, event),
        headers={"Prefer": PREFER, "If-Match": etag},
        json={"isOnlineMeeting": True, "onlineMeetingProvider": provider},
        at_most_once=True,
    )


def _event_path(mailbox: str, event: str) -> str:
    return f"{user_path(mailbox)}/events/{path_segment(event, EventNotFound)}"
