"""The faults of Graph in the machine; with a PATCH each may come before or after the effect."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.graph import Drop, Fault

_EVENT = r"/events/[^/]+$"
_HTML = b"<html><body>The proxy could not reach the server.</body></html>"
_WRITE: Mapping[str, Any] = {"method": "PATCH", "path": _EVENT}
_READ: Mapping[str, Any] = {"method": "GET", "path": _EVENT}

#: by name: the arguments of a `Fault`
GRAPH_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "write 429": {**_WRITE, "status": 429, "retry_after": 7},
    "write 503": {**_WRITE, "status": 503, "retry_after": 5},
    "write 503, done": {**_WRITE, "status": 503, "retry_after": 5, "is_done": True},
    "write 500, done": {**_WRITE, "status": 500, "is_done": True},
    "write 403, done": {**_WRITE, "status": 403, "is_done": True},
    "write lost": {**_WRITE, "drop": Drop.BEFORE},
    "write lost, done": {**_WRITE, "drop": Drop.AFTER},
    "write ignored": {**_WRITE, "is_ignored": True},
    "write truncated": {**_WRITE, "truncate": 20},
    "write 200 of a proxy": {**_WRITE, "body": _HTML, "content_type": "text/html"},
    "write 412": {**_WRITE, "status": 412},
    "write 401": {**_WRITE, "status": 401, "code": "InvalidAuthenticationToken"},
    "write 401, done": {**_WRITE, "status": 401, "is_done": True},
    "read 401": {**_READ, "status": 401, "code": "InvalidAuthenticationToken"},
    "read 429": {**_READ, "status": 429, "retry_after": 9},
    "read 503": {**_READ, "status": 503},
    "read lost": {**_READ, "drop": Drop.AFTER},
    "read truncated": {**_READ, "truncate": 20},
    "mailbox busy": {**_READ, "status": 429, "code": "ApplicationThrottled"},
    "calendar 500": {"path": "/calendar$", "status": 500},
    "view 503": {"path": "/calendarView", "status": 503},
    "users 503": {"path": "/users$", "status": 503},
    "subscriptions 503": {"path": "/subscriptions", "status": 503},
}


def fault(name: str, count: int, meanwhile: Callable[[], None]) -> Fault:
    """Return a fault of the next `count` calls of its kind; `meanwhile` is called at each."""
    return Fault(**GRAPH_FAULTS[name], count=count, meanwhile=meanwhile)
