"""Faults on demand: throttling, outages, odd or slow answers, connections that break."""

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from typing import Any

from werkzeug import Response

from sandbox.graph.recorder import as_json


class Drop(StrEnum):
    """When the connection breaks."""

    #: it took no effect
    BEFORE = "before"
    #: it took effect, and the answer is lost
    AFTER = "after"
    #: it took effect, and the answer breaks off in the middle of its body
    DURING = "during"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A failure of some of the app's calls.

    It applies to calls with this `method` (`*` for any) that match the regular expressions `path` and
    `query` (the decoded query string, for example `skip` for the later pages of a list). The first `passes`
    matching calls succeed. Then `count` calls fail (None: no limit), each with `probability`.

    The call is delayed by `delay`, in real time, and `meanwhile` is called. Then one of these happens:

    - The connection drops at `drop`.
    - The answer is an error with `status`, `code` and `retry_after` (seconds); the call takes effect only
      if `is_done`.
    - With `is_ignored` (only PATCH and DELETE), the answer reports success, but the call takes no effect.
    - Otherwise the call is handled normally; with `empty` a list is answered as empty.

    Finally the answer is changed: `edit` changes its JSON object in place; `body` and `content_type` replace
    its body; `truncate` keeps that many bytes; `headers` are set, or removed if None; with `drip` the body is
    sent byte by byte with that delay, in real time.
    """

    method: str = "*"
    path: str = ""
    query: str = ""
    passes: int = 0
    count: int | None = 1
    probability: float = 1.0
    status: int | None = None
    code: str = ""
    message: str = "Made to fail by the sandbox."
    retry_after: int | None = None
    is_done: bool = False
    is_ignored: bool = False
    delay: timedelta = timedelta(0)
    meanwhile: Callable[[], None] | None = None
    drop: Drop | None = None
    empty: bool = False
    edit: Callable[[dict[str, Any]], None] | None = None
    body: bytes | None = None
    content_type: str | None = None
    truncate: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    drip: timedelta = timedelta(0)

    def matches(self, method: str, path: str, query: str = "") -> bool:
        """Return whether this fault applies to such a call."""
        return (
            self.method in {"*", method}
            and re.search(self.path, path, re.IGNORECASE) is not None
            and re.search(self.query, query, re.IGNORECASE) is not None
        )


@dataclass(slots=True)
class _ActiveFault:
    """A fault with the number of calls that it still lets pass, and still affects (None: no limit)."""

    fault: Fault
    passes: int
    left: int | None

    def lets_pass(self) -> bool:
        """Count a matching call; return whether it passes."""
        self.passes -= 1
        return self.passes >= 0


#: Graph's usual error code for a status, if a fault has no `code`.
USUAL_CODES = {
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "ErrorItemNotFound",
    412: "ErrorIrresolvableConflict",
    429: "TooManyRequests",
    500: "ErrorInternalServerError",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "UnknownError",
}


class Faults:
    """The active faults. The first match affects a call; `seed` makes the choices repeatable."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- repeatable chance, no secrets
        self._lock = Lock()
        self._active: list[_ActiveFault] = []

    def add(self, fault: Fault) -> None:
        """Add a fault after the active ones."""
        with self._lock:
            self._active.append(_ActiveFault(fault, fault.passes, fault.count))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._active.clear()

    def next_fault(self, method: str, path: str, query: str = "") -> Fault | None:
        """Return the fault that affects this call, if any, and count it."""
        with self._lock:
            for one in self._active:
                if not one.fault.matches(method, path, query) or one.lets_pass():
                    continue
                if self._random.random() < one.fault.probability:
                    if one.left is not None:
                        one.left -= 1
                    self._active = [other for other in self._active if other.left != 0]
                    return one.fault
            return None


def altered(response: Response, fault: Fault) -> Response:
    """Change an answer's body and headers as the fault says; the Content-Length matches the new body."""
    body = response.get_data() if fault.body is None else fault.body
    if fault.edit and body:
        parsed = json.loads(body)
        fault.edit(parsed)
        body = as_json(parsed).encode()
    response.set_data(body if fault.truncate is None else body[: fault.truncate])
    if fault.content_type is not None:
        response.headers["Content-Type"] = fault.content_type
    for name, value in fault.headers.items():
        response.headers.remove(name)
        if value is not None:
            response.headers[name] = value
    return response


def delivered(
    response: Response, fault: Fault, *, sleep: Callable[[float], None], hang_up: Callable[[], Exception]
) -> Response:
    """Have an answer's body sent slowly or only in part, as the fault says."""
    if fault.drip:
        response.response = _dripping(response.get_data(), fault.drip.total_seconds(), sleep)
    if fault.drop is Drop.DURING:
        response.response = _broken(response.get_data(), hang_up)
    return response


def _dripping(body: bytes, seconds: float, sleep: Callable[[float], None]) -> Iterator[bytes]:
    for place in range(len(body)):
        sleep(seconds)
        yield body[place : place + 1]


def _broken(body: bytes, hang_up: Callable[[], Exception]) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise hang_up()
