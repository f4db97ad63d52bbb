"""How fast notification URLs answer, and what Graph does if one is slow.

If more than 10 % of the answers in ten minutes take longer than 3 s, Graph delays notifications by ten
minutes. If more than 15 % take longer than 10 s, or never come, Graph drops notifications
(https://learn.microsoft.com/graph/change-notifications-delivery-webhooks). The
smallest number of answers that counts is not documented; here it is ten.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(minutes=10)
DELAY = timedelta(minutes=10)
_FEWEST = 10
_SLOW_SECONDS, _SLOW_SHARE = 3.0, 0.10
_LOST_SECONDS, _LOST_SHARE = 10.0, 0.15


class EndpointState(StrEnum):
    """How Graph treats an endpoint: normally, with delay, or by dropping its notifications."""

    WELL = "well"
    SLOW = "slow"
    DROPPED = "dropped"


class Endpoints:
    """The answers of the last ten minutes, by URL without its query; `now` returns the aware UTC time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers: defaultdict[str, deque[tuple[datetime, float]]] = defaultdict(deque)

    def record(self, url: str, seconds: float) -> None:
        """Record how long an answer took, or how long Graph waited for it."""
        self._answers[_endpoint(url)].append((self._now(), seconds))

    def state(self, url: str) -> EndpointState:
        """Return the state from the last ten minutes; with fewer than ten answers it is WELL."""
        answers, since = self._answers[_endpoint(url)], self._now() - WINDOW
        while answers and answers[0][0] <= since:
            answers.popleft()
        if len(answers) < _FEWEST:
            return EndpointState.WELL
        if sum(seconds >= _LOST_SECONDS for _, seconds in answers) > _LOST_SHARE * len(answers):
            return EndpointState.DROPPED
        if sum(seconds > _SLOW_SECONDS for _, seconds in answers) > _SLOW_SHARE * len(answers):
            return EndpointState.SLOW
        return EndpointState.WELL


def _endpoint(url: str) -> str:
    return url.partition("?")[0]
