"""Canned answers of Graph to the calls of the worker: the event's id says what the event is like.

`enabled-…` has a guest and no link; `skipped-…` has only colleagues; `copy-…` is an attendee's copy;
`online-…` has a link already. Nothing is kept: a PATCH answers with a link, a later read does not show it.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Any

from sandbox.bench.lean.http_server import LeanAnswer, LeanRequest

_JSON = {"Content-Type": "application/json", "request-id": "5b0e7f6e-7f4f-4f3d-9d8e-000000000000"}
_ETAG = 'W/"bGVhbg=="'
_LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_bGVhbg%40thread.v2/0"
_PROVIDER = "teamsForBusiness"
_CALENDAR = {
    "id": "AAMkADlean=",
    "allowedOnlineMeetingProviders": [_PROVIDER],
    "defaultOnlineMeetingProvider": _PROVIDER,
}
_TOKEN = {"access_token": "lean", "expires_in": "86399", "resource": "graph", "token_type": "Bearer"}


def answer(request: LeanRequest) -> LeanAnswer:
    """Return the answer to a call."""
    path, _, query = request.target.partition("?")
    event, _, rest = path.partition("/events/")[2].partition("/")
    if rest == "calendar":
        return _ok(_calendar())
    if not event or rest:
        return LeanAnswer(HTTPStatus.NOT_FOUND, b'{"error":{"code":"ErrorItemNotFound","message":""}}', _JSON)
    if request.method == "PATCH" and request.headers.get("if-match", _ETAG) != _ETAG:
        return LeanAnswer(
            HTTPStatus.PRECONDITION_FAILED,
            b'{"error":{"code":"ErrorIrresolvableConflict","message":""}}',
            _JSON,
        )
    kind = "online" if request.method == "PATCH" else event.partition("-")[0]
    selects_all = "select" not in query
    text = _event(kind, has_body=selects_all or "%2Cbody&" in f"{query}&" or ",body&" in f"{query}&")
    return _ok(text.replace("<id>", event))


def token() -> LeanAnswer:
    """Return a token, as the endpoint of a managed identity does."""
    ends = int((datetime.now(UTC) + timedelta(days=1)).timestamp())
    return _ok(json.dumps({**_TOKEN, "expires_on": str(ends)}))


def _ok(text: str) -> LeanAnswer:
    return LeanAnswer(HTTPStatus.OK, text.encode(), _JSON)


@cache
def _calendar() -> str:
    return json.dumps(_CALENDAR)


@cache
def _event(kind: str, *, has_body: bool) -> str:
    """Return an event as Graph shows it, with `<id>` in place of its id."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    is_online, guest = kind == "online", "cy@contoso.com" if kind == "skipped" else "bo@fabrikam.com"
    event: dict[str, Any] = {
        "@odata.etag": _ETAG,
        "id": "<id>",
        "type": "singleInstance",
        "seriesMasterId": None,
        "subject": "Quarterly review of the roadmap",
        "bodyPreview": "Agenda: what went well, what comes next.",
        "start": _moment(start),
        "end": _moment(start + timedelta(minutes=30)),
        "originalStartTimeZone": "W. Europe Standard Time",
        "originalEndTimeZone": "W. Europe Standard Time",
        "createdDateTime": "2026-11-20T08:00:00.1234567Z",
        "lastModifiedDateTime": "2026-11-20T08:00:01.1234567Z",
        "recurrence": None,
        "isAllDay": False,
        "isCancelled": False,
        "isDraft": False,
        "isOrganizer": kind != "copy",
        "organizer": _recipient("Ada", "ada@contoso.com"),
        "attendees": [
            {
                "type": "required",
                "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
                **_recipient(name, address),
            }
            for name, address in (("Cy", "cy@contoso.com"), ("Dee", "dee@contoso.com"), ("Bo", guest))
        ],
        "sensitivity": "normal",
        "showAs": "busy",
        "importance": "normal",
        "categories": [],
        "location": {"displayName": "", "locationType": "default", "uniqueIdType": "unknown"},
        "locations": [],
        "isOnlineMeeting": is_online,
        "onlineMeetingProvider": _PROVIDER if is_online else "unknown",
        "onlineMeeting": {"joinUrl": _LINK} if is_online else None,
        "onlineMeetingUrl": None,
    }
    if has_body:
        event["body"] = {"contentType": "html", "content": _BODY}
    return json.dumps(event)


_BODY = "<html><body>" + "<div>We go through the agenda, then we decide.</div>\r\n" * 40 + "</body></html>"


def _moment(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}


def _recipient(name: str, address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": name, "address": address}}
