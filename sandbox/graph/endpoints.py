"""How fast notification URLs answer, and what Graph does about one that is slow.

Over ten minutes: more than 10 % of answers after more than 3 s make an endpoint slow, and its notifications
wait for ten minutes; more than 15 % after more than 10 s, or never, have them dropped
(https://learn.microsoft.com/graph/change-notifications-delivery-webhooks). How few answers may condemn an
endpoint is not documented; here ten are needed.
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
    """What Graph thinks of an endpoint."""

    WELL = "well"
    SLOW = "slow"
    DROPPED = "dropped"


class Endpoints:
    """The answers of the last ten minutes, by URL without its query; `now` tells the aware UTC time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers: defaultdict[str, deque[tuple[datetime, float]]] = defaultdict(deque)

    def note(self, url: str, seconds: float) -> None:
        """Take note of how long an answer took, or how long it was waited for."""
        self._answers[_endpoint(url)].append((self._now(), seconds))

    def state(self, url: str) -> EndpointState:
        """Return what the last ten minutes make of an endpoint; with few answers it is well."""
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
