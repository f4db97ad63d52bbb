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
    MailboxUnusable,
    Throttled,
    Unauthorized,
    UnexpectedAnswer,
)
from shared.graph import protocol
from shared.graph.protocol import decipher

CALL = protocol.read_event("m", "e")


def error_body(code: str, inner: str = "") -> bytes:
    error = {"code": code, "message": "ada@contoso.com is not to be read", "innerError": {"request-id": "r"}}
    if inner:
        error["innerError"] = {"code": inner}
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        pytest.param(400, "ErrorInvalidIdMalformed", UnexpectedAnswer, id="a malformed id"),
        pytest.param(401, "InvalidAuthenticationToken", Unauthorized, id="a token refused"),
        pytest.param(403, "ErrorAccessDenied", Forbidden, id="no access"),
        pytest.param(404, "ErrorItemNotFound", EventNotFound, id="no such event"),
        pytest.param(404, "MailboxNotEnabledForRESTAPI", MailboxUnusable, id="no mailbox for REST"),
        pytest.param(404, "mailboxnotenabledforrestapi", MailboxUnusable, id="codes in any case"),
        pytest.param(404, "ErrorInvalidUser", MailboxUnusable, id="no such user"),
        pytest.param(408, "", GraphUnavailable, id="request timeout"),
        pytest.param(409, "ErrorIrresolvableConflict", EventChanged, id="conflict"),
        pytest.param(412, "ErrorIrresolvableConflict", EventChanged, id="If-Match failed"),
        pytest.param(418, "", UnexpectedAnswer, id="a teapot"),
        pytest.param(429, "ApplicationThrottled", Throttled, id="throttled"),
        pytest.param(500, "ErrorInternalServerError", GraphUnavailable, id="server error"),
        pytest.param(503, "ErrorServerBusy", GraphUnavailable, id="busy, without a time"),
        pytest.param(509, "", Throttled, id="bandwidth"),
        pytest.param(599, "", GraphUnavailable, id="a status of its own"),
    ],
)
def test_an_error_is_named_by_what_to_do_next(status: int, code: str, expected: type[GraphError]) -> None:
    """Status and code decide, never the message, which is left out of the error's text."""
    with pytest.raises(GraphError) as raised:
        decipher(CALL, status, httpx.Headers({"request-id": "r-1"}), error_body(code))

    assert expected is type(raised.value)
    assert "r-1" in str(raised.value)
    assert "contoso" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        pytest.param(429, {"Retry-After": "17"}, 17, id="seconds"),
        pytest.param(503, {"Retry-After": "3"}, 3, id="a busy server that names a time"),
        pytest.param(429, {}, 10, id="no word: our own"),
        pytest.param(429, {"Retry-After": "soon"}, 10, id="nonsense: our own"),
        pytest.param(429, {"Retry-After": "9" * 30}, 6 * 3600, id="beyond reason: at most six hours"),
        pytest.param(429, {"Retry-After": "Sun, 22 Nov 2026 08:01:00 GMT", "Date": "Sun, 22 Nov 2026 08:00:00 GMT"}, 60, id="a date"),
        pytest.param(429, {"Retry-After": "Sun, 22 Nov 2026 08:00:00 GMT", "Date": "Sun, 22 Nov 2026 08:01:00 GMT"}, 0, id="a date gone by"),
        pytest.param(429, {"Retry-After": "Sun, 22 Nov 2026 08:01:00 GMT"}, 10, id="a date without a Date"),
    ],
)  # fmt: skip
def test_throttling_says_how_long_to_wait(status: int, headers: dict[str, str], seconds: int) -> None:
    """Retry-After is honoured in both of its forms (RFC 9110, 10.2.3)."""
    with pytest.raises(Throttled) as raised:
        decipher(CALL, status, httpx.Headers(headers), error_body("TooManyRequests"))

    assert timedelta(seconds=seconds) == raised.value.retry_after


def test_the_deepest_code_counts() -> None:
    """Codes can nest; the innermost is the most precise."""
    with pytest.raises(MailboxUnusable) as raised:
        decipher(CALL, 404, httpx.Headers(), error_body("UnknownError", inner="ResourceNotFound"))

    assert raised.value.code == "ResourceNotFound"


@given(st.integers(min_value=100, max_value=999), st.binary(), st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]))))  # fmt: skip
def test_any_answer_is_json_or_a_graph_error(status: int, body: bytes, headers: dict[str, str]) -> None:
    """No status, header or body ends in another error."""
    try:
        answer = decipher(CALL, status, headers, body)
    except GraphError:
        return
    assert 200 <= status < 300
    assert isinstance(answer, dict)


def test_ids_are_escaped_in_paths() -> None:
    """Event ids are opaque and may hold a slash; a mailbox may be a principal name."""
    call = protocol.read_event("ada@contoso.com", "AA/Mk+=")

    assert call.path == "/users/ada%40contoso.com/events/AA%2FMk%2B%3D"


def test_the_patch_holds_two_properties_and_the_etag() -> None:
    """Anything more could mail more, or drop the link."""
    call = protocol.enable_online_meeting("m", "e", etag='W/"1"', provider="teamsForBusiness")

    assert call.json == {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    assert call.headers["If-Match"] == 'W/"1"'


def test_the_body_is_asked_for_only_where_it_is_needed() -> None:
    """Bodies are large and private."""
    assert "body" not in protocol.read_event("m", "e").params["$select"].split(",")
    assert "body" in protocol.read_event("m", "e", with_body=True).params["$select"].split(",")
