"""Faults on demand: throttling, outages, slow answers, connections that break before or after the effect."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from threading import Lock


class Drop(StrEnum):
    """When the connection breaks."""

    #: nothing was done
    BEFORE = "before"
    #: it was done, and the answer is lost
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with some of the app's calls.

    It is about calls of `method` (`*` for any) in whose path the regular expression `path` is found. It
    strikes `count` times (None: for ever), each time with `probability`. First comes `delay`, in real
    time, and `meanwhile`, what others do while the call is on its way; then the connection drops, or
    `status` is answered with `code` and `retry_after` (seconds), where the call `is_done` nonetheless; with
    neither, the call goes on as usual, though with `empty` a list is answered as if there were nothing in it.
    """

    method: str = "*"
    path: str = ""
    count: int | None = 1
    probability: float = 1.0
    status: int | None = None
    code: str = ""
    message: str = "Made to fail by the sandbox."
    retry_after: int | None = None
    is_done: bool = False
    delay: timedelta = timedelta(0)
    meanwhile: Callable[[], None] | None = None
    drop: Drop | None = None
    empty: bool = False

    def matches(self, method: str, path: str) -> bool:
        """Tell whether this fault is about such a call."""
        return self.method in {"*", method} and re.search(self.path, path, re.IGNORECASE) is not None


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
        self._left: list[tuple[Fault, int | None]] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force, after those that are."""
        with self._lock:
            self._left.append((fault, fault.count))

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._left.clear()

    def strike(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits this call, and count it."""
        with self._lock:
            for place, (fault, left) in enumerate(self._left):
                if fault.matches(method, path) and self._random.random() < fault.probability:
                    if left is not None:
                        self._left[place] = (fault, left - 1)
                    self._left = [entry for entry in self._left if entry[1] != 0]
                    return fault
            return None
