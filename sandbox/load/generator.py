"""Posts to a server over kept-alive connections, each of which sends its next request after the last answer.

So a server that stands still gets no further requests meanwhile: the times are those of as many senders as
there are connections, not of a fixed rate.
"""

import http.client
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import urlsplit

from sandbox.load.bodies import Posted

NO_ANSWER = 0
ACCEPTED = 202
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one run: answer times in `seconds`, in no order; acknowledged events in `accepted`."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def add(self, other: "Answers") -> None:
        """Add the answers of another connection."""
        self.statuses.update(other.statuses)
        self.seconds.extend(other.seconds)
        self.accepted.extend(other.accepted)


def generate(
    url: str, body: Callable[[], Posted], *, connections: int, goes_on: Callable[[int], bool]
) -> Answers:
    """Post from all connections while `goes_on` says so, given how many requests this connection has sent."""
    with ThreadPoolExecutor(connections, "load") as threads:
        runs = [threads.submit(_connection, url, body, goes_on) for _ in range(connections)]
        total = Answers()
        for run in runs:
            total.add(run.result())
    return total


def _connection(url: str, body: Callable[[], Posted], goes_on: Callable[[int], bool]) -> Answers:
    parts = urlsplit(url)
    answers, sent = Answers(), 0
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)
    while goes_on(sent):
        posted = body()
        began = perf_counter()
        status = _post(connection, f"{parts.path}?{parts.query}", posted.body)
        answers.seconds.append(perf_counter() - began)
        answers.statuses[status] += 1
        if status == ACCEPTED:
            answers.accepted.extend(posted.events)
        sent += 1
    connection.close()
    return answers


def _post(connection: http.client.HTTPConnection, target: str, body: bytes) -> int:
    """Return the status, 0 without an answer; the next request then has a new connection."""
    try:
        connection.request("POST", target, body, {"Content-Type": "application/json; charset=utf-8"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return NO_ANSWER
    return answer.status
