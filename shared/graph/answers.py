"""What an answer of Graph means: status, headers and body in, a JSON object or a named error out. No I/O.

Only Graph's own answers count. A proxy's page, a cut-off body or a redirect says nothing of the event or the
mailbox, so it is `GraphUnavailable`, whatever its status.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from shared.domain.ids import GUID
from shared.errors import (
    EventChanged,
    EventNotFound,
    Forbidden,
    GraphError,
    GraphUnavailable,
    MailboxFull,
    MailboxUnusable,
    NotValidated,
    SubscriptionExists,
    SubscriptionLimit,
    Throttled,
    Unauthorized,
    UnexpectedAnswer,
)
from shared.graph import codes
from shared.graph.protocol import Call

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
#: statuses that pass by themselves
_PASSING = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_EARLY,
    }
)
#: with one of these Graph says that it can't serve a mailbox; the code tells
_SHUT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
#: statuses that mean the same without Graph's error object
_CLEAR = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.PRECONDITION_FAILED})
#: an answer to each of our calls holds one of them
_MARKS = frozenset({"@odata.context", "id", "value", "userPurpose"})
_DIGITS = 9
_FAILURES = HTTPStatus.INTERNAL_SERVER_ERROR


def decipher(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return the JSON object of an answer. `headers` must find their names in any case.

    Raises:
        GraphError: the subclass names what to do next.
    """
    request_id = headers.get("request-id", "")[:64]
    if status == HTTPStatus.NO_CONTENT and call.method == "DELETE":
        return {}
    data = _json_object(body)
    error = data.get("error") if data else None
    found = codes.codes_of(error)
    code = codes.shown(found)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        if data is None or error or not data.keys() & _MARKS:
            raise GraphUnavailable(
                call.name, status=status, code=code, request_id=request_id, detail="the body is not Graph's"
            )
        return data
    if _is_throttling(status, headers, found):
        raise Throttled(
            call.name, retry_after=retry_after(headers), status=status, code=code, request_id=request_id
        )
    kind = _kind(call, status, error, found)
    if kind is SubscriptionExists:
        named = GUID.search(codes.message_of(error))
        raise SubscriptionExists(
            call.name, subscription=named[0] if named else "", status=status, code=code, request_id=request_id
        )
    detail = "" if isinstance(error, dict) else "no error object of Graph's"
    raise kind(call.name, status=status, code=code, request_id=request_id, detail=detail)


def _is_throttling(status: int, headers: Mapping[str, str], found: tuple[str, ...]) -> bool:
    if status in {HTTPStatus.TOO_MANY_REQUESTS, _BANDWIDTH_LIMIT_EXCEEDED}:
        return True
    is_busy = status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
    return (is_busy and "retry-after" in headers) or codes.mean_throttling(found)


def _kind(call: Call, status: int, error: object, found: tuple[str, ...]) -> type[GraphError]:
    if codes.mean_full(found):
        return MailboxFull
    if status in _SHUT and codes.mean_unusable(found):
        return MailboxUnusable
    is_foreign = not isinstance(error, dict) and status not in _CLEAR
    if is_foreign or status in _PASSING or status >= _FAILURES or codes.mean_passing(found):
        return GraphUnavailable
    kind = call.errors.get(status) or _usual_kind(status, found)
    message = codes.message_of(error)
    if kind is NotValidated and not codes.blames_endpoint(message):
        return _refused_for_good(found)
    if kind is Forbidden and call.path.startswith("/subscriptions") and codes.names_limit(message):
        return SubscriptionLimit
    return kind


def _usual_kind(status: int, found: tuple[str, ...]) -> type[GraphError]:
    """Return what a status means where the call says nothing else."""
    if status == HTTPStatus.NOT_FOUND and codes.mean_no_such_user(found):
        return MailboxUnusable
    return _ERROR_CLASSES.get(status) or _refused_for_good(found)


def _refused_for_good(found: tuple[str, ...]) -> type[GraphError]:
    # A refusal without a code of Graph's is seen as an empty 400, and passes.
    return UnexpectedAnswer if found else GraphUnavailable


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """Read Retry-After (RFC 9110, 10.2.3), in seconds or as a date held against the answer's own Date."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal() and value.isascii():
        # Python refuses to read a number of some thousand digits.
        wait = timedelta(seconds=int(value)) if len(value) <= _DIGITS else LONGEST_RETRY_AFTER
    else:
        try:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
        except (ValueError, TypeError, OverflowError, IndexError):
            wait = DEFAULT_RETRY_AFTER
    return min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)
