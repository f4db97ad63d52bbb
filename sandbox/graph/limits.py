"""Graph's throttling limits (https://learn.microsoft.com/graph/throttling-limits)."""

import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock

from sandbox.graph.errors import Refusal

#: Calls about subscriptions in 20 s, per app and tenant.
_SUBSCRIPTION_SPAN = timedelta(seconds=20)
_SUBSCRIPTION_LIMITS = {
    "subscription writes": 500,
    "subscription reauthorizations": 1_000,
    "subscription reads": 500,
    "subscription lists": 25,
}
#: Resource units of directory calls in 10 s, per app, in a tenant with more than 500 users.
_DIRECTORY_SPAN, _DIRECTORY_UNITS = timedelta(seconds=10), 8_000
_SMALL_PAGE = 20
#: Calls to one mailbox in ten minutes, per app.
MAILBOX_SPAN, MAILBOX_CALLS = timedelta(minutes=10), 10_000


class ThrottlingWindow:
    """Counts the calls of the last `span` by their weight; refused calls count too."""

    def __init__(self, most: int, span: timedelta) -> None:
        self.most = most
        #: the highest total so far
        self.peak = 0
        self._span = span
        self._total = 0
        self._calls: deque[tuple[datetime, int]] = deque()

    def wait(self, now: datetime, weight: int = 1) -> int:
        """Count a call; return 0 if the limit allows it, otherwise the seconds until it would."""
        while self._calls and self._calls[0][0] <= now - self._span:
            self._total -= self._calls.popleft()[1]
        self._calls.append((now, weight))
        self._total += weight
        self.peak = max(self.peak, self._total)
        if self._total <= self.most:
            return 0
        return math.ceil((self._free_at(weight) - now).total_seconds())

    def _free_at(self, weight: int) -> datetime:
        """Return when enough calls have left the window to allow another call of this weight."""
        left = self._total
        for at, gone in self._calls:
            left -= gone
            if left + weight <= self.most:
                return at + self._span
        return self._calls[-1][0] + self._span


class ThrottlingLimits:
    """Graph's limits, by name in `windows`.

    `mailbox_peak` is the highest number of calls to one mailbox in ten minutes; these windows do not overlap.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self.windows = {
            kind: ThrottlingWindow(most, _SUBSCRIPTION_SPAN) for kind, most in _SUBSCRIPTION_LIMITS.items()
        }
        self.windows["directory units"] = ThrottlingWindow(_DIRECTORY_UNITS, _DIRECTORY_SPAN)
        self.mailbox_peak = 0
        self._mailboxes: Counter[str] = Counter()
        self._mailboxes_until = datetime.min.replace(tzinfo=now().tzinfo)

    def check(self, method: str, path: str, query: Mapping[str, str], mailbox: str) -> None:
        """Count a call; `path` includes the version, `mailbox` is a user's object id or "".

        Raises:
            Refusal: 429, the call exceeds a limit.
        """
        segments = path.strip("/").lower().split("/")[1:]
        with self._lock:
            if segments[:1] == ["subscriptions"]:
                self._refuse_after(self.windows[_kind(method, segments)].wait(self._now()))
            elif mailbox and len(segments) > 2:  # noqa: PLR2004 -- below /users/{id} is Exchange
                self._check_mailbox(mailbox)
            else:
                units = _units(segments, query)
                self._refuse_after(self.windows["directory units"].wait(self._now(), units))

    def _check_mailbox(self, mailbox: str) -> None:
        now = self._now()
        if now >= self._mailboxes_until:
            self._mailboxes.clear()
            self._mailboxes_until = now + MAILBOX_SPAN
        self._mailboxes[mailbox] += 1
        self.mailbox_peak = max(self.mailbox_peak, self._mailboxes[mailbox])
        if self._mailboxes[mailbox] > MAILBOX_CALLS:
            self._refuse_after(math.ceil((self._mailboxes_until - now).total_seconds()))

    def _refuse_after(self, wait_seconds: int) -> None:
        if wait_seconds:
            raise Refusal(429, "TooManyRequests", "Too many requests.", {"Retry-After": str(wait_seconds)})


def _kind(method: str, segments: list[str]) -> str:
    if segments[-1] == "reauthorize":
        return "subscription reauthorizations"
    if method == "GET":
        return "subscription reads" if len(segments) > 1 else "subscription lists"
    return "subscription writes"


def _units(segments: list[str], query: Mapping[str, str]) -> int:
    """Return the cost of a directory call in resource units."""
    base = 5 if "transitivemembers" in segments else 2 if segments == ["users"] else 1
    top = query.get("$top", "")
    is_small = top.isdecimal() and int(top) < _SMALL_PAGE
    return max(1, base - ("$select" in query) - is_small)
