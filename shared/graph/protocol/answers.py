"""Turns an HTTP answer into a JSON object, or into the error that names what to do next. No I/O.

Only Graph's own answers count. The page of a proxy, a truncated body or a redirect means nothing for the
event or the mailbox, so the error is `GraphUnavailable`, with any status.
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
    SubscriptionExists,
    SubscriptionLimit,
    SubscriptionTooLong,
    Throttled,
    TooManyAtOnce,
    Unauthorized,
    UnexpectedAnswer,
)
from shared.graph.protocol import error_codes
from shared.graph.protocol.call import GraphCall

DEFAULT_RETRY_AFTER = timedelta(seconds=10)
MAX_RETRY_AFTER = timedelta(hours=6)
#: Python refuses to read a number of some thousand digits.
_MAX_DIGITS = 9
_BANDWIDTH_LIMIT_EXCEEDED = 509  # Graph sends it, http.HTTPStatus does not have it
_ERRORS_BY_STATUS: Mapping[int, type[GraphError]] = {
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: EventNotFound,
    HTTPStatus.CONFLICT: EventChanged,
    HTTPStatus.PRECONDITION_FAILED: EventChanged,
}
_TRANSIENT_STATUSES = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_EARLY,
    }
)
#: with one of these and a code that says so, Graph can't serve the mailbox
_MAILBOX_STATUSES = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
#: Graph refuses what a call asks for; the code is `ExtensionError` with one status and the other
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN})
#: statuses whose meaning is clear without Graph's error object
_CLEAR_STATUSES = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.PRECONDITION_FAILED})
#: every successful answer to one of our calls has one of these keys
_GRAPH_KEYS = frozenset({"@odata.context", "id", "value", "userPurpose"})


def read_answer(call: GraphCall, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return the JSON object of an answer. `headers` must ignore the case of names.

    Raises:
        GraphError: the subclass names what to do next.
    """
    request_id = headers.get("request-id", "")[:64]
    if status == HTTPStatus.NO_CONTENT and call.method == "DELETE":
        return {}
    data = _json_object(body)
    error = data.get("error") if data else None
    codes = error_codes.codes_of(error)
    code = error_codes.loggable_code(codes)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        if data is None or error or not data.keys() & _GRAPH_KEYS:
            raise GraphUnavailable(
                call.name, status=status, code=code, request_id=request_id, detail="the body is not Graph's"
            )
        return data
    if _is_throttling(status, headers, codes):
        is_concurrency = error_codes.names_concurrency(error_codes.message_of(error))
        raise (TooManyAtOnce if is_concurrency else Throttled)(
            call.name, retry_after=retry_after(headers), status=status, code=code, request_id=request_id
        )
    error_type = _error_type(call, status, error, codes)
    if error_type is SubscriptionExists:
        named = GUID.search(error_codes.message_of(error))
        raise SubscriptionExists(
            call.name, subscription=named[0] if named else "", status=status, code=code, request_id=request_id
        )
    if error_type is SubscriptionTooLong:
        longest = error_codes.longest_expiration(error_codes.message_of(error))
        raise SubscriptionTooLong(call.name, longest=longest, status=status, code=code, request_id=request_id)
    detail = "" if isinstance(error, dict) else "no error object of Graph's"
    raise error_type(call.name, status=status, code=code, request_id=request_id, detail=detail)


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """Read Retry-After (RFC 9110, 10.2.3): seconds, or a date that is compared with the answer's own Date."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal() and value.isascii():
        wait = timedelta(seconds=int(value)) if len(value) <= _MAX_DIGITS else MAX_RETRY_AFTER
    else:
        try:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
        except (ValueError, TypeError, OverflowError, IndexError):
            wait = DEFAULT_RETRY_AFTER
    return min(max(wait, timedelta(0)), MAX_RETRY_AFTER)


def _is_throttling(status: int, headers: Mapping[str, str], codes: tuple[str, ...]) -> bool:
    if status in {HTTPStatus.TOO_MANY_REQUESTS, _BANDWIDTH_LIMIT_EXCEEDED}:
        return True
    is_busy = status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
    return (is_busy and "retry-after" in headers) or error_codes.is_throttling(codes)


def _error_type(call: GraphCall, status: int, error: object, codes: tuple[str, ...]) -> type[GraphError]:
    if error_codes.is_mailbox_full(codes):
        return MailboxFull
    if status in _MAILBOX_STATUSES and error_codes.is_mailbox_unusable(codes):
        return MailboxUnusable
    is_foreign = not isinstance(error, dict) and status not in _CLEAR_STATUSES
    is_transient = (
        status in _TRANSIENT_STATUSES
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or error_codes.is_transient(codes)
    )
    if is_foreign or is_transient:
        return GraphUnavailable
    error_type = call.errors.get(status) or _usual_error_type(status, codes)
    if call.path.startswith("/subscriptions"):
        return _subscription_refusal(call, status, error_codes.message_of(error), codes) or error_type
    return error_type


def _subscription_refusal(
    call: GraphCall, status: int, message: str, codes: tuple[str, ...]
) -> type[GraphError] | None:
    """Return what only the message of a refusal says; None where the status says enough."""
    if call.sets_expiry and status in _REFUSALS and error_codes.refuses_expiration(message):
        return SubscriptionTooLong
    if status == HTTPStatus.BAD_REQUEST and not error_codes.blames_notification_url(message):
        return _permanent_refusal(codes)
    if status == HTTPStatus.FORBIDDEN and error_codes.names_subscription_limit(message):
        return SubscriptionLimit
    return None


def _usual_error_type(status: int, codes: tuple[str, ...]) -> type[GraphError]:
    """Return what a status means unless the call has an error of its own for it."""
    if status == HTTPStatus.NOT_FOUND and error_codes.is_unknown_user(codes):
        return MailboxUnusable
    return _ERRORS_BY_STATUS.get(status) or _permanent_refusal(codes)


def _permanent_refusal(codes: tuple[str, ...]) -> type[GraphError]:
    # A refusal without a code is as temporary as an empty 400, which Graph is known to send.
    return UnexpectedAnswer if codes else GraphUnavailable


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
