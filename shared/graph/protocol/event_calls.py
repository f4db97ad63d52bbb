"""The calls about events and their calendars.

Every call asks for immutable ids and UTC, so that one event has one id in messages, tables and answers
(https://learn.microsoft.com/graph/outlook-immutable-id).
"""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from shared.domain.event import MAX_BODY_BYTES
from shared.errors import BodyTooLarge, EventNotFound, MailboxUnusable, UnexpectedAnswer
from shared.graph.protocol.call import GraphCall, path_segment, user_path, utc_text

PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'
EVENT_FIELDS = (
    "id,type,seriesMasterId,subject,start,end,originalStartTimeZone,originalEndTimeZone,recurrence,isAllDay,"
    "isCancelled,isDraft,isOrganizer,organizer,attendees,sensitivity,showAs,importance,categories,location,"
    "locations,bodyPreview,isOnlineMeeting,onlineMeetingProvider,onlineMeeting,onlineMeetingUrl,"
    "lastModifiedDateTime,createdDateTime"
)
EXCEPTION_FIELDS = (
    "start,end,originalStartTimeZone,originalEndTimeZone,isAllDay,isCancelled,exceptionOccurrences"
)
LISTED_CALENDAR_FIELDS = "id,name,isDefaultCalendar,canEdit,owner"
CALENDAR_FIELDS = "id,allowedOnlineMeetingProviders,defaultOnlineMeetingProvider"

#: how many events or calendars a page has, unless that is too many for the mailbox
PAGE_SIZE = 100
#: JSON escapes take space, too: this is enough for the largest body that Joinlink searches.
_MAX_BYTES_WITH_BODY = 4 * MAX_BODY_BYTES
#: enough for thousands of exceptions with their times
_MAX_BYTES_OF_EXCEPTIONS = 4 * 1024 * 1024


def read_event(mailbox: str, event: str) -> GraphCall:
    """Get an event without its body (https://learn.microsoft.com/graph/api/event-get)."""
    return GraphCall(
        name="read the event",
        method="GET",
        mailbox=mailbox,
        path=_event_path(mailbox, event),
        params={"$select": EVENT_FIELDS},
        headers={"Prefer": PREFER},
    )


def read_exceptions(mailbox: str, series: str) -> GraphCall:
    """Get the exceptions of a series, the occurrences that were changed on their own, with their times.

    They come only if the call both selects and expands them (https://learn.microsoft.com/graph/api/event-get).
    `/instances` would do with fewer, but is reported to leave out exceptions
    (https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/540).
    """
    return replace(
        read_event(mailbox, series),
        name="read the changed occurrences of the series",
        params={"$select": EXCEPTION_FIELDS, "$expand": "exceptionOccurrences"},
        max_bytes=_MAX_BYTES_OF_EXCEPTIONS,
        too_long=UnexpectedAnswer,
    )


def read_event_with_body(mailbox: str, event: str) -> GraphCall:
    """Get an event with its body as HTML, which has every link; Exchange's plain text may lose some."""
    return replace(
        read_event(mailbox, event),
        name="read the event with its body",
        params={"$select": f"{EVENT_FIELDS},body"},
        headers={"Prefer": f'{PREFER}, outlook.body-content-type="html"'},
        max_bytes=_MAX_BYTES_WITH_BODY,
        too_long=BodyTooLarge,
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


def read_calendar_view(mailbox: str, start: datetime, end: datetime, *, calendar: str = "") -> GraphCall:
    """Get the first page of events between two moments, without bodies; Graph expands series.

    Without an id, `calendar` is the default one (https://learn.microsoft.com/graph/api/user-list-calendarview).
    A 404 then means that there is no mailbox; with an id, that the calendar does not exist.
    A view does not support `lastModifiedDateTime` in `$select`.
    """
    event = read_event(mailbox, "any")
    select = event.params["$select"].replace(",lastModifiedDateTime", "")
    window = {"startDateTime": utc_text(start), "endDateTime": utc_text(end), "$top": str(PAGE_SIZE)}
    place = f"/calendars/{path_segment(calendar, EventNotFound)}" if calendar else ""
    return replace(
        event,
        name="read the calendar view",
        path=f"{user_path(mailbox)}{place}/calendarView",
        params={"$select": select, **window},
        errors={} if calendar else {HTTPStatus.NOT_FOUND: MailboxUnusable},
    )


def list_calendars(mailbox: str) -> GraphCall:
    """Get the first page of a mailbox's calendars, those that others share with it included.

    https://learn.microsoft.com/graph/api/user-list-calendars
    """
    return GraphCall(
        name="list the calendars",
        method="GET",
        mailbox=mailbox,
        path=f"{user_path(mailbox)}/calendars",
        params={"$select": LISTED_CALENDAR_FIELDS, "$top": str(PAGE_SIZE)},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
        is_optional=True,
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
