"""Faults on demand: throttling, outages, odd or slow answers, connections that break."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from typing import Any


class Drop(StrEnum):
    """When the connection breaks."""

    #: nothing was done
    BEFORE = "before"
    #: it was done, and the answer is lost
    AFTER = "after"
    #: it was done, and the answer breaks off in the middle of its body
    DURING = "during"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with some of the app's calls.

    It is about calls of `method` (`*` for any) in whose path the regular expression `path` is found, and in
    whose decoded query `query` is found: `skip` of the later pages of a list. The first `passes` of these
    calls are left alone. Then it strikes `count` times (None: for ever), each time with `probability`.

    First comes `delay`, in real time, and `meanwhile`, what others do while the call is on its way. Then the
    connection drops; or `status` is answered with `code` and `retry_after` (seconds), where the call
    `is_done` nonetheless; or the call is answered as if it had been done, but `is_ignored` (PATCH and DELETE
    alone); or the call goes on as usual, though with `empty` a list is answered as if nothing were in it.

    At last the answer itself may be changed. `edit` changes its JSON object in place; `body` is sent instead
    of its body, with `content_type` if one is given; `truncate` keeps so many bytes; `headers` are set, those
    that are None removed; and with `drip` the body comes byte by byte, each after so long, in real time.
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
        """Return whether this fault is about such a call."""
        return (
            self.method in {"*", method}
            and re.search(self.path, path, re.IGNORECASE) is not None
            and re.search(self.query, query, re.IGNORECASE) is not None
        )


@dataclass(slots=True)
class _InForce:
    """A fault in force: how many calls it still leaves alone, how many it still strikes (None: no end)."""

    fault: Fault
    passes: int
    left: int | None

    def passes_over(self) -> bool:
        """Return whether this call is one of those left alone, and count it."""
        self.passes -= 1
        return self.passes >= 0


#: Graph's usual word for a status, where a fault names none.
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
    """The faults in force: the first that matches and strikes is the one. The seed repeats chance."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- repeatable chance, no secrets
        self._lock = Lock()
        self._left: list[_InForce] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force, after those that are."""
        with self._lock:
            self._left.append(_InForce(fault, fault.passes, fault.count))

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._left.clear()

    def strike(self, method: str, path: str, query: str = "") -> Fault | None:
        """Return the fault that hits this call, and count it."""
        with self._lock:
            for one in self._left:
                if not one.fault.matches(method, path, query) or one.passes_over():
                    continue
                if self._random.random() < one.fault.probability:
                    if one.left is not None:
                        one.left -= 1
                    self._left = [other for other in self._left if other.left != 0]
                    return one.fault
            return None
