"""Graph's protocol without I/O: the calls that we make, and what an answer means.

Every call asks for immutable ids and UTC, so that one event has one id in messages, tables and answers
(https://learn.microsoft.com/graph/outlook-immutable-id).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from shared.errors import (
    EventChanged,
    EventNotFound,
    Forbidden,
    GraphError,
    GraphUnavailable,
    MailboxUnusable,
    NotValidated,
    SubscriptionExists,
    Throttled,
    Unauthorized,
    UnexpectedAnswer,
)

VERSION = "/v1.0"
PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'
EVENT_FIELDS = (
    "id,type,seriesMasterId,subject,start,end,recurrence,isAllDay,isCancelled,isDraft,isOrganizer,organizer,"
    "attendees,sensitivity,showAs,importance,categories,location,locations,bodyPreview,isOnlineMeeting,"
    "onlineMeetingProvider,onlineMeeting,lastModifiedDateTime"
)
CALENDAR_FIELDS = "id,allowedOnlineMeetingProviders,defaultOnlineMeetingProvider"

#: events on a page of a calendar, unless that is too heavy for the mailbox
PAGE = 100
DEFAULT_RETRY_AFTER = timedelta(seconds=10)
LONGEST_RETRY_AFTER = timedelta(hours=6)
_BANDWIDTH_LIMIT_EXCEEDED = 509  # Graph uses it, http.HTTPStatus does not know it
_ERROR_CLASSES: Mapping[int, type[GraphError]] = {
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: EventNotFound,
    HTTPStatus.CONFLICT: EventChanged,
    HTTPStatus.PRECONDITION_FAILED: EventChanged,
}
_SUBSCRIPTION = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_UNUSABLE = frozenset(
    {"mailboxnotenabledforrestapi", "resourcenotfound", "errorinvaliduser", "request_resourcenotfound"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to Graph; `name` is what errors and logs call it, `path` follows the version.

    `errors` says what a status means to this call, where that is not what it means to calls about events.
    """

    name: str
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, object] | None = None
    errors: Mapping[int, type[GraphError]] = field(default_factory=dict)


def read_event(mailbox: str, event: str, *, with_body: bool = False) -> Call:
    """Get an event (https://learn.microsoft.com/graph/api/event-get); `with_body` as plain text."""
    return Call(
        name="read the event",
        method="GET",
        path=_event_path(mailbox, event),
        params={"$select": f"{EVENT_FIELDS},body" if with_body else EVENT_FIELDS},
        headers={"Prefer": f'{PREFER}, outlook.body-content-type="text"' if with_body else PREFER},
    )


def read_calendar_view(mailbox: str, start: datetime, end: datetime, *, with_body: bool = False) -> Call:
    """Get what a calendar shows between two moments, series expanded, a page of it.

    https://learn.microsoft.com/graph/api/user-list-calendarview
    """
    event = read_event(mailbox, "", with_body=with_body)
    window = {"startDateTime": utc_text(start), "endDateTime": utc_text(end), "$top": str(PAGE)}
    return replace(
        event,
        name="read the calendar view",
        path=f"/users/{quote(mailbox, safe='')}/calendarView",
        params={**event.params, **window},
        errors={HTTPStatus.NOT_FOUND: MailboxUnusable},
    )


def read_calendar_of(mailbox: str, event: str) -> Call:
    """Get the calendar that an event lies in: providers differ between calendars of one mailbox."""
    return Call(
        name="read the event's calendar",
        method="GET",
        path=f"{_event_path(mailbox, event)}/calendar",
        params={"$select": CALENDAR_FIELDS},
        headers={"Prefer": PREFER},
    )


def read_default_calendar(mailbox: str) -> Call:
    """Get a mailbox's default calendar (https://learn.microsoft.com/graph/api/calendar-get)."""
    return Call(
        name="read the mailbox's calendar",
        method="GET",
        path=f"/users/{quote(mailbox, safe='')}/calendar",
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
        path=_event_path(mailbox, event),
        headers={"Prefer": PREFER, "If-Match": etag},
        json={"isOnlineMeeting": True, "onlineMeetingProvider": provider},
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
        path=f"/groups/{quote(group, safe='')}/transitiveMembers/microsoft.graph.user",
        params={"$select": "id,mail,userPrincipalName,proxyAddresses", "$top": "999", "$count": "true"},
        headers={"ConsistencyLevel": "eventual"},
    )


def utc_text(moment: datetime) -> str:
    """Return a moment as Graph takes it in queries and bodies."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_page(call: Call, answer: Mapping[str, Any]) -> Call | None:
    """Return the call for the page that follows `answer`, None after the last.

    Only path and query of `@odata.nextLink` are taken: our token goes to no other host.
    """
    link = answer.get("@odata.nextLink")
    if not isinstance(link, str):
        return None
    parts = urlsplit(link)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return replace(call, path=parts.path.removeprefix(VERSION), params=query)


def page_of(call: Call, mark: str, size: int) -> Call:
    """Return the call for the page at a mark (the query of a page link), empty for the first page."""
    query = dict(parse_qsl(mark, keep_blank_values=True)) if mark else call.params
    return replace(call, params={**query, "$top": str(size)})


def _event_path(mailbox: str, event: str) -> str:
    return f"/users/{quote(mailbox, safe='')}/events/{quote(event, safe='')}"


def decipher(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return the JSON object of an answer. `headers` must find their names in any case.

    Raises:
        GraphError: the subclass names what to do next.
    """
    data = _json_object(body)
    request_id = headers.get("request-id", "")
    if status == HTTPStatus.NO_CONTENT:
        return {}
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        if data is None:
            raise UnexpectedAnswer(call.name, status=status, request_id=request_id, detail="no JSON object")
        return data
    code = _deepest_code(data)
    if status in {429, _BANDWIDTH_LIMIT_EXCEEDED} or (status in {503, 504} and "retry-after" in headers):
        raise Throttled(
            call.name, retry_after=_retry_after(headers), status=status, code=code, request_id=request_id
        )
    kind = call.errors.get(status) or _error_class(status, code)
    if kind is SubscriptionExists:
        named = _SUBSCRIPTION.search(_message(data))
        raise SubscriptionExists(
            call.name, subscription=named[0] if named else "", status=status, code=code, request_id=request_id
        )
    if kind is NotValidated and "validation" not in f"{code} {_message(data)}".lower():
        kind = UnexpectedAnswer
    raise kind(call.name, status=status, code=code, request_id=request_id)


def _error_class(status: int, code: str) -> type[GraphError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return GraphUnavailable
    if status == HTTPStatus.NOT_FOUND and code.lower() in _UNUSABLE:
        return MailboxUnusable
    return _ERROR_CLASSES.get(status, UnexpectedAnswer)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _deepest_code(data: dict[str, Any] | None) -> str:
    """Return the innermost `code` of an error body (https://learn.microsoft.com/graph/errors)."""
    code = ""
    node: object = (data or {}).get("error")
    while isinstance(node, dict):
        if isinstance(node.get("code"), str) and node["code"]:
            code = node["code"]
        node = node.get("innerError") or node.get("innererror")
    return code[:80]


def _message(data: dict[str, Any] | None) -> str:
    """Return Graph's own words. They are searched where no code tells, and never passed on."""
    error = (data or {}).get("error")
    return str(error.get("message")) if isinstance(error, dict) else ""


def _retry_after(headers: Mapping[str, str]) -> timedelta:
    """Read Retry-After (RFC 9110, 10.2.3), in seconds or as a date held against the answer's own Date."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal() and value.isascii():
        wait = timedelta(seconds=min(int(value), LONGEST_RETRY_AFTER.total_seconds()))
    else:
        try:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
        except (ValueError, TypeError):
            wait = DEFAULT_RETRY_AFTER
    return min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)
