"""How many calls about subscriptions Graph serves (https://learn.microsoft.com/graph/throttling-limits)."""

import math
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from sandbox.graph.errors import Refusal

SPAN = timedelta(seconds=20)
#: Calls in 20 s, per app and tenant.
SUBSCRIPTION_LIMITS = {"write": 500, "reauthorize": 1_000, "get": 500, "list": 25}


class Window:
    """Counts the calls of the last 20 seconds; those that are refused count as well."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.peak = 0
        self._times: deque[datetime] = deque()

    def wait(self, now: datetime) -> int:
        """Count a call; return the seconds until there is room again, 0 where there is room for this one."""
        while self._times and self._times[0] <= now - SPAN:
            self._times.popleft()
        self._times.append(now)
        self.peak = max(self.peak, len(self._times))
        if len(self._times) <= self.most:
            return 0
        free_again = self._times[-self.most] + SPAN
        return math.ceil((free_again - now).total_seconds())


class Limits:
    """The windows of the subscription calls; `windows` tell how full each has been."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self.windows = {kind: Window(most) for kind, most in SUBSCRIPTION_LIMITS.items()}

    def check(self, method: str, path: str) -> None:
        """Count a call by its method and its path, which begins with the version.

        Raises:
            Refusal: 429, one too many.
        """
        _, _, *segments = path.rstrip("/").lower().split("/")
        if segments[:1] != ["subscriptions"]:
            return
        with self._lock:
            wait_seconds = self.windows[_kind(method, segments)].wait(self._now())
        if wait_seconds:
            raise Refusal(429, "TooManyRequests", "Too many requests.", {"Retry-After": str(wait_seconds)})


def _kind(method: str, segments: list[str]) -> str:
    if segments[-1] == "reauthorize":
        return "reauthorize"
    if method == "GET":
        return "get" if len(segments) > 1 else "list"
    return "write"
