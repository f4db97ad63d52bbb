"""What an answer of Graph means."""

import json
from datetime import timedelta

import httpx
import pytest
from hypothesis import given, strategies as st

from shared.errors import (
    EventChanged,
    EventNotFound,
    Forbidden,
    GraphError,
    GraphUnavailable,
    MailboxFull,
    MailboxUnusable,
    Throttled,
    TooManyAtOnce,
    Unauthorized,
    UnexpectedAnswer,
)
from shared.graph.protocol import event_calls
from shared.graph.protocol.answers import read_answer
from shared.graph.protocol.call import GraphCall

CALL = event_calls.read_event("m", "e")


def error_body(code: str, inner: str = "") -> bytes:
    error = {"code": code, "message": "ada@contoso.com is not to be read", "innerError": {"request-id": "r"}}
    if inner:
        error["innerError"] = {"code": inner}
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        pytest.param(400, "ErrorInvalidIdMalformed", UnexpectedAnswer, id="a malformed id"),
        pytest.param(401, "InvalidAuthenticationToken", Unauthorized, id="a refused token"),
        pytest.param(403, "ErrorAccessDenied", Forbidden, id="no access"),
        pytest.param(404, "ErrorItemNotFound", EventNotFound, id="no such event"),
        pytest.param(404, "MailboxNotEnabledForRESTAPI", MailboxUnusable, id="no mailbox for REST"),
        pytest.param(404, "mailboxnotenabledforrestapi", MailboxUnusable, id="codes in any case"),
        pytest.param(404, "ErrorInvalidUser", MailboxUnusable, id="no such user"),
        pytest.param(408, "", GraphUnavailable, id="request timeout"),
        pytest.param(409, "ErrorIrresolvableConflict", EventChanged, id="conflict"),
        pytest.param(412, "ErrorIrresolvableConflict", EventChanged, id="If-Match failed"),
        pytest.param(401, "MailboxNotEnabledForRESTAPI", MailboxUnusable, id="no mailbox for REST, as 401"),
        pytest.param(404, "MailboxNotSupportedForRESTAPI", MailboxUnusable, id="an unsupported mailbox"),
        pytest.param(
            403, "RESTAPINotEnabledForComponentSharedMailbox", MailboxUnusable, id="a component mailbox"
        ),
        pytest.param(403, "ErrorQuotaExceeded", MailboxFull, id="a full mailbox"),
        pytest.param(507, "errorQuotaExceeded", MailboxFull, id="a full mailbox, as 507"),
        pytest.param(
            403, "ErrorMailboxMoveInProgress", GraphUnavailable, id="a mailbox that is being moved, as 403"
        ),
        pytest.param(400, "ErrorTimeoutExpired", GraphUnavailable, id="a timeout, as 400"),
        pytest.param(415, "UnsupportedMediaType", UnexpectedAnswer, id="an unknown refusal"),
        pytest.param(418, "", GraphUnavailable, id="418 without a code"),
        pytest.param(400, "", GraphUnavailable, id="a 400 without a code"),
        pytest.param(421, "MisdirectedRequest", GraphUnavailable, id="misdirected"),
        pytest.param(423, "ErrorItemLocked", GraphUnavailable, id="locked"),
        pytest.param(425, "TooEarly", GraphUnavailable, id="too early"),
        pytest.param(429, "ApplicationThrottled", Throttled, id="throttled"),
        pytest.param(500, "ErrorInternalServerError", GraphUnavailable, id="server error"),
        pytest.param(503, "ErrorServerBusy", GraphUnavailable, id="busy, without a time"),
        pytest.param(503, "ApplicationThrottled", Throttled, id="throttled, as 503"),
        pytest.param(509, "", Throttled, id="bandwidth"),
        pytest.param(599, "", GraphUnavailable, id="an unknown status"),
    ],
)
def test_status_and_code_decide_the_error(status: int, code: str, expected: type[GraphError]) -> None:
    """The message never does, and the error's text leaves it out."""
    with pytest.raises(GraphError) as raised:
        read_answer(CALL, status, httpx.Headers({"request-id": "r-1"}), error_body(code))

    assert expected is type(raised.value)
    assert "r-1" in str(raised.value)
    assert "contoso" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        pytest.param(429, {"Retry-After": "17"}, 17, id="seconds"),
        pytest.param(503, {"Retry-After": "3"}, 3, id="a busy server that names a time"),
        pytest.param(429, {}, 10, id="missing: our default"),
        pytest.param(429, {"Retry-After": "soon"}, 10, id="invalid: our default"),
        pytest.param(429, {"Retry-After": "9" * 30}, 6 * 3600, id="too long: at most six hours"),
        pytest.param(429, {"Retry-After": "9" * 5000}, 6 * 3600, id="more digits than Python reads"),
        pytest.param(429, {"Retry-After": "0"}, 0, id="zero"),
        pytest.param(429, {"Retry-After": "-5"}, 10, id="negative: our default"),
        pytest.param(429, {"Retry-After": "Sun, 22 Nov 99999999999 08:01:00 GMT"}, 10, id="an invalid date: our default"),
        pytest.param(429, {"Retry-After": "Sun, 22 Nov 2026 08:01:00 GMT", "Date": "Sun, 22 Nov 2026 08:00:00 GMT"}, 60, id="a date"),
        pytest.param(429, {"Retry-After": "Sun, 22 Nov 2026 08:00:00 GMT", "Date": "Sun, 22 Nov 2026 08:01:00 GMT"}, 0, id="a date in the past"),
        pytest.param(429, {"Retry-After": "Sun, 22 Nov 2026 08:01:00 GMT"}, 10, id="a date without a Date"),
    ],
)  # fmt: skip
def test_throttling_has_a_time_to_wait(status: int, headers: dict[str, str], seconds: int) -> None:
    """Both formats of Retry-After count (RFC 9110, 10.2.3)."""
    with pytest.raises(Throttled) as raised:
        read_answer(CALL, status, httpx.Headers(headers), error_body("TooManyRequests"))

    assert timedelta(seconds=seconds) == raised.value.retry_after


def test_too_many_requests_at_once_are_told_from_other_throttling() -> None:
    """Fewer at the same time help, and waiting alone does not. Only Graph's text names the limit."""
    error = {"code": "ApplicationThrottled", "message": "Application is over its MailboxConcurrency limit."}
    with pytest.raises(TooManyAtOnce):
        read_answer(CALL, 429, httpx.Headers(), json.dumps({"error": error}).encode())


def test_the_innermost_code_is_shown() -> None:
    """Codes nest; the innermost is the most precise."""
    with pytest.raises(MailboxUnusable) as raised:
        read_answer(CALL, 404, httpx.Headers(), error_body("UnknownError", inner="ResourceNotFound"))

    assert raised.value.code == "ResourceNotFound"


@given(st.integers(min_value=100, max_value=999), st.binary(), st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]))))  # fmt: skip
def test_any_answer_is_json_or_a_graph_error(status: int, body: bytes, headers: dict[str, str]) -> None:
    """No status, header or body raises another error."""
    try:
        answer = read_answer(CALL, status, headers, body)
    except GraphError:
        return
    assert 200 <= status < 300
    assert isinstance(answer, dict)


HTML = b"<html>Access denied by proxy.</html>"
EVENT = b'{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/events/$entity", "id": "e"}'


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, EVENT[:-9], id="a truncated body"),
        pytest.param(200, b"", id="no body"),
        pytest.param(200, HTML, id="a web page instead of JSON"),
        pytest.param(200, b"[1]", id="JSON, but not an object"),
        pytest.param(200, b"{}", id="an empty object"),
        pytest.param(200, b'{"status": "ok"}', id="another service's object"),
        pytest.param(200, error_body("UnknownError"), id="an error with status 200"),
        pytest.param(200, b"\xff\xfe{", id="not text"),
        pytest.param(200, b"[" * 100_000, id="nested too deep"),
        pytest.param(202, b"", id="accepted"),
        pytest.param(204, b"", id="no content"),
        pytest.param(302, b"", id="a redirect"),
        pytest.param(304, b"", id="not modified"),
        pytest.param(400, b"", id="an empty 400"),
        pytest.param(400, HTML, id="a proxy's 400"),
        pytest.param(403, HTML, id="a proxy's 403"),
        pytest.param(404, HTML, id="a proxy's 404"),
        pytest.param(404, b'{"message": "no route"}', id="a gateway's 404"),
        pytest.param(404, b'{"error": "no route"}', id="a gateway's 404 with a text as error"),
        pytest.param(407, HTML, id="a proxy that wants a password"),
        pytest.param(502, HTML, id="a proxy's 502"),
    ],
)
def test_an_answer_that_is_not_graphs_is_a_temporary_error(status: int, body: bytes) -> None:
    """It means nothing for the event or the mailbox, so the call is retried as in an outage."""
    with pytest.raises(GraphError) as raised:
        read_answer(CALL, status, httpx.Headers(), body)

    assert type(raised.value) is GraphUnavailable


def test_a_known_code_counts_at_any_depth() -> None:
    """Also if a deeper code is unknown."""
    with pytest.raises(MailboxUnusable):
        read_answer(
            CALL, 404, httpx.Headers(), error_body("MailboxNotEnabledForRESTAPI", inner="StoreError 0x80041")
        )


def test_an_invalid_code_is_cleaned_for_the_log() -> None:
    """A proxy may send any text, including a line break and an address."""
    with pytest.raises(UnexpectedAnswer) as raised:
        read_answer(
            CALL,
            400,
            httpx.Headers({"request-id": "r" * 500}),
            error_body("Bad\n::error ada@contoso.com" * 9),
        )

    assert "\n" not in str(raised.value)
    assert "@" not in str(raised.value)
    assert len(str(raised.value)) < 300


def test_a_deletion_has_no_body() -> None:
    """Graph answers 204; a web page with status 200 is not Graph's answer."""
    call = GraphCall(name="delete", method="DELETE", path="/subscriptions/x")

    assert read_answer(call, 204, httpx.Headers(), b"") == {}
    with pytest.raises(GraphUnavailable):
        read_answer(call, 200, httpx.Headers(), HTML)
