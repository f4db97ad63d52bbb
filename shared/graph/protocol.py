"""Graph's protocol without I/O: the calls that we make. What an answer means is in `answers`.

Every call asks for immutable ids and UTC, so that one event has one id in messages, tables and answers
(https://learn.microsoft.com/graph/outlook-immutable-id).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from shared.domain.ids import is_id
from shared.errors import EventNotFound, GraphError, GraphUnavailable, MailboxUnusable, UnexpectedAnswer

VERSION = "/v1.0"
PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'
EVENT_FIELDS = (
    "id,type,seriesMasterId,subject,start,end,originalStartTimeZone,originalEndTimeZone,recurrence,isAllDay,"
    "isCancelled,isDraft,isOrganizer,organizer,attendees,sensitivity,showAs,importance,categories,location,"
    "locations,bodyPreview,isOnlineMeeting,onlineMeetingProvider,onlineMeeting,onlineMeetingUrl,"
    "lastModifiedDateTime"
)
CALENDAR_FIELDS = "id,allowedOnlineMeetingProviders,defaultOnlineMeetingProvider"

#: events on a page of a calendar, unless that is too heavy for the mailbox
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to Graph; `name` is what errors and logs call it, `path` follows the version.

    `errors` says what a status means to this call, where that is not what it means to calls about events.
    `mailbox` is the user whose mailbox it is about, empty where it is about none. `once` marks a write that
    may mail people: it is never sent twice, whatever is answered. `extra` is what is only good to have: it
    waits with the others while Graph is down, but says nothing of whether Graph is.
    """

    name: str
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, object] | None = None
    errors: Mapping[int, type[GraphError]] = field(default_factory=dict)
    mailbox: str = ""
    once: bool = False
    extra: bool = False


def read_event(mailbox: str, event: str, *, with_body: bool = False) -> Call:
    """Get an event (https://learn.microsoft.com/graph/api/event-get); `with_body` as plain text."""
    return Call(
        name="read the event",
        method="GET",
        mailbox=mailbox,
        path=_event_path(mailbox, event),
        params={"$select": f"{EVENT_FIELDS},body" if with_body else EVENT_FIELDS},
        headers={"Prefer": f'{PREFER}, outlook.body-content-type="text"' if with_body else PREFER},
    )


def read_calendar_view(mailbox: str, start: datetime, end: datetime, *, with_body: bool = False) -> Call:
    """Get what a calendar shows between two moments, series expanded, a page of it.

    https://learn.microsoft.com/graph/api/user-list-calendarview
    """
    event = read_event(mailbox, "any", with_body=with_body)
    window = {"startDateTime": utc_text(start), "endDateTime": utc_text(end), "$top": str(PAGE)}
    return replace(
        event,
        name="read the calendar view",
        path=f"{user_path(mailbox)}/calendarView",
        params={**event.params, **window},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
    )


def read_calendar_of(mailbox: str, event: str) -> Call:
    """Get the calendar that an event lies in: providers differ between calendars of one mailbox."""
    return Call(
        name="read the event's calendar",
        method="GET",
        mailbox=mailbox,
        path=f"{_event_path(mailbox, event)}/calendar",
        params={"$select": CALENDAR_FIELDS},
        headers={"Prefer": PREFER},
    )


def read_default_calendar(mailbox: str) -> Call:
    """Get a mailbox's default calendar (https://learn.microsoft.com/graph/api/calendar-get)."""
    return Call(
        name="read the mailbox's calendar",
        method="GET",
        mailbox=mailbox,
        path=f"{user_path(mailbox)}/calendar",
        params={"$select": CALENDAR_FIELDS},
        headers={"Prefer": PREFER},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
    )


def enable_online_meeting(mailbox: str, event: str, *, etag: str, provider: str) -> Call:
    """PATCH the two properties and no other (https://learn.microsoft.com/graph/api/event-update).

    Above all not `body`: sending it drops or renews the join link.
    """
    return Call(
        name="enable the online meeting",
        method="PATCH",
        mailbox=mailbox,
        path=_event_path(mailbox, event),
        headers={"Prefer": PREFER, "If-Match": etag},
        json={"isOnlineMeeting": True, "onlineMeetingProvider": provider},
        once=True,
    )


def read_verified_domains() -> Call:
    """Get the tenant's verified domains (https://learn.microsoft.com/graph/api/resources/verifieddomain)."""
    return Call(
        name="read the tenant's domains",
        method="GET",
        path="/organization",
        params={"$select": "id,verifiedDomains"},
    )


def read_group_members(group: str) -> Call:
    """Get the users in a group, nested groups resolved, a page of them.

    The cast to users asks for `$count` and eventual consistency
    (https://learn.microsoft.com/graph/api/group-list-transitivemembers).
    """
    return Call(
        name="read the group's members",
        method="GET",
        path=f"/groups/{segment(group, UnexpectedAnswer)}/transitiveMembers/microsoft.graph.user",
        params={"$select": "id,mail,userPrincipalName,proxyAddresses", "$top": "999", "$count": "true"},
        headers={"ConsistencyLevel": "eventual"},
    )


def read_group(group: str) -> Call:
    """Get a group's own addresses (https://learn.microsoft.com/graph/api/group-get)."""
    return Call(
        name="read the group",
        method="GET",
        path=f"/groups/{quote(group, safe='')}",
        params={"$select": "id,mail,proxyAddresses"},
    )


def list_mail_groups() -> Call:
    """Get the tenant's groups that have a mail address, a page of them.

    https://learn.microsoft.com/graph/api/group-list
    """
    return Call(
        name="list the groups with a mail address",
        method="GET",
        path="/groups",
        params={"$filter": "mailEnabled eq true", "$select": "id,mail,proxyAddresses", "$top": "999"},
    )


def utc_text(moment: datetime) -> str:
    """Return a moment as Graph takes it in queries and bodies."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_page(call: Call, answer: Mapping[str, Any]) -> Call | None:
    """Return the call for the page that follows `answer`, None after the last.

    Only path and query of `@odata.nextLink` are taken: our token goes to no other host.

    Raises:
        GraphUnavailable: the link can't be read, so what was read is only a part.
    """
    link = answer.get("@odata.nextLink")
    if link is None:
        return None
    try:
        parts = urlsplit(link)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = parts.path.removeprefix(VERSION)
    except (AttributeError, TypeError, ValueError):
        path = ""
    if not path.startswith("/"):
        raise GraphUnavailable(call.name, detail="the link to the next page can't be read")
    return replace(call, path=path, params=query)


def page_of(call: Call, mark: str, size: int) -> Call:
    """Return the call for the page at a mark (the query of a page link), empty for the first page."""
    query = dict(parse_qsl(mark, keep_blank_values=True)) if mark else call.params
    return replace(call, params={**query, "$top": str(size)})


def user_path(mailbox: str) -> str:
    """Return the path of a user; raises MailboxUnusable for a name that no user has."""
    return f"/users/{segment(mailbox, MailboxUnusable)}"


def segment(name: str, missing: type[GraphError]) -> str:
    """Return an id or a name as one segment of a path, encoded whole; raises `missing` where it can't be one.

    httpx, and others on the way, take `.` and `..` for steps in the path, also where they were encoded.
    """
    if not is_id(name):
        raise missing("name it in a path", detail="no id of Graph's looks like this, so no call was made")
    return quote(name, safe="")


def _event_path(mailbox: str, event: str) -> str:
    return f"{user_path(mailbox)}/events/{segment(event, EventNotFound)}"
