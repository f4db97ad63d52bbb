"""How the storage services are reached: connections that are kept, and a bound on every wait.

Everyone who waits for us has patience of their own: Graph delivers again for four hours, and a message that
could not be handled comes again. The SDK's own retries would hold a webhook call for over a minute.

A call takes as long as its `Patience` allows, and never longer than `shared.deadline` leaves. A call that
would begin after the deadline raises `OutOfTime`, which is no AzureError: it passes the SDK's retries and our
own handlers of storage errors. A call that the deadline cuts off in the middle is an AzureError, as every
other timeout.
"""

from dataclasses import dataclass
from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport

from shared.deadline import seconds_left
from shared.errors import OutOfTime
from shared.storage.patient import PatientAdapter

#: as many connections as an instance has messages in hand (host.json), and some for HTTP and the timer
_CONNECTIONS = 48
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 10
#: The SDKs sleep as long as a `Retry-After` says, were it an hour.
_LONGEST_PAUSE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take, in seconds, and how many connections are kept.

    `connect` holds for each address of the service's name, `answer` for the whole answer, however slowly its
    bytes come. `again_after` is the pause before the one retry.
    """

    connect: float
    answer: float
    again_after: int
    connections: int


def usual_patience() -> Patience:
    """Return what holds for all but the webhook."""
    return Patience(connect=_CONNECT_SECONDS, answer=_ANSWER_SECONDS, again_after=1, connections=_CONNECTIONS)


def transport(patience: Patience | None = None) -> RequestsTransport:
    """Return a transport that keeps all its connections; by default all but ten are thrown away after use."""
    patience = patience or usual_patience()
    session = requests.Session()
    adapter = PatientAdapter(pool_connections=2, pool_maxsize=patience.connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return _Transport(session, patience)


def has_time(seconds: float) -> bool:
    """Tell whether the deadline leaves so many seconds."""
    try:
        return seconds_left(seconds) >= seconds
    except OutOfTime:
        return False


class _Transport(RequestsTransport):  # type: ignore[misc]  # the SDK hides its type
    """Asks before each call how long it may take.

    The SDKs' own options for timeouts are not heard where a transport is given to them.
    """

    def __init__(self, session: requests.Session, patience: Patience) -> None:
        super().__init__(session=session)
        self._patience = patience

    def send(self, request: Any, **kwargs: Any) -> Any:
        """Send a request within its time. Raises OutOfTime before anything is sent, else as the SDK does."""
        kwargs["connection_timeout"] = seconds_left(self._patience.connect)
        kwargs["read_timeout"] = seconds_left(self._patience.answer)
        return super().send(request, **kwargs)

    def sleep(self, duration: float) -> None:
        """Pause before a retry. Raises OutOfTime."""
        super().sleep(seconds_left(min(duration, _LONGEST_PAUSE_SECONDS)))
