"""The record of all traffic, as values for tests and as HAR 1.2 for checks and browser tools.

Secrets are never stored: bearer tokens, function keys in URLs and clientStates are replaced by "***"
(http://www.softwareishard.com/blog/har-12-spec/).
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

MASK = "***"
_SECRET_HEADERS = {"authorization", "x-functions-key", "x-identity-header"}
_KEY_IN_URL = re.compile(r"(?<=[?&]code=)[^&\"\\\s]+|(?<=\\u0026code=)[^&\"\\\s]+")
_CLIENT_STATE = re.compile(r'("clientState"\s*:\s*)"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer.

    `by` is `app`, `user` (a person's own client) or `graph` (the stand-in's own POST). `mailbox` is a user's
    object id and `event` the event id in the path, "" if absent. `status` is 0 if the connection was dropped
    before the call took effect; `lost` means that the answer was not sent, or only in part. `took_effect`
    means that the call changed an event or a subscription, whatever the answer says.
    """

    by: Literal["app", "user", "graph"]
    method: str
    path: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int
    response_headers: Mapping[str, str]
    response_body: str
    mailbox: str = ""
    event: str = ""
    lost: bool = False
    took_effect: bool = False
    started: datetime
    took_seconds: float


class Recorder:
    """Keeps every exchange, masked, in the order in which they ended, if `keeps`; always counts them.

    `counted` has the app's own calls by method and path pattern (`/users/<user>/events`), refused and
    unanswered ones too.
    """

    def __init__(self, *, keeps: bool) -> None:
        self.keeps = keeps
        self.exchanges: list[Exchange] = []
        self.counted: Counter[tuple[str, str]] = Counter()

    def by(self, sender: str) -> list[Exchange]:
        """Return the requests of one sender: see `Exchange.by`."""
        return [exchange for exchange in self.exchanges if exchange.by == sender]

    def har(self) -> dict[str, Any]:
        """Return all exchanges that had an answer as a HAR 1.2 object."""
        entries = [_entry(exchange) for exchange in self.exchanges if exchange.status]
        creator = {"name": "joinlink sandbox", "version": "1"}
        return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def masked(text: str) -> str:
    """Return a URL or JSON text without function keys and clientStates."""
    if "code=" in text:  # The search for patterns takes seconds in a body of megabytes.
        text = _KEY_IN_URL.sub(MASK, text)
    return _CLIENT_STATE.sub(rf'\1"{MASK}"', text) if '"clientState"' in text else text


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers without secrets."""
    return {name: MASK if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}


def _entry(exchange: Exchange) -> dict[str, Any]:
    took_ms = round(exchange.took_seconds * 1000, 3)
    entry: dict[str, Any] = {
        "startedDateTime": exchange.started.isoformat(timespec="milliseconds"),
        "time": took_ms,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": took_ms, "receive": 0},
        "_by": exchange.by,
    }
    if exchange.lost:
        entry["comment"] = "The connection was closed before this answer was sent."
    return entry


def _request(exchange: Exchange) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(exchange.request_headers.items()),
        "queryString": _pairs(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(exchange.request_body.encode()),
    }
    if exchange.request_body:
        mime = _header(exchange.request_headers, "content-type")
        request["postData"] = {"mimeType": mime, "text": exchange.request_body}
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    size = len(exchange.response_body.encode())
    mime = _header(exchange.response_headers, "content-type") or "text/plain"
    return {
        "status": exchange.status,
        "statusText": HTTPStatus(exchange.status).phrase if exchange.status in set(HTTPStatus) else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(exchange.response_headers.items()),
        "content": {"size": size, "mimeType": mime, "text": exchange.response_body},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": size,
    }


def _pairs(items: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in items]


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in headers.items() if name.lower() == wanted), "")


def as_json(body: Any) -> str:
    """Return a JSON body as Graph sends it."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
