"""Connects to the storage services: connections stay open, and every wait has a limit.

Every caller of Joinlink retries by itself: Graph delivers again for four hours, and the Functions host gives
a message again. The SDK's own retries would block a webhook call for over a minute.

A call takes as long as its `Timeouts` allow, and never longer than `shared.deadline` leaves. A call that
would start after the deadline raises `OutOfTime`, which is not an AzureError: neither the SDK's retries nor
our handlers of storage errors catch it. A call that the deadline cuts off raises an AzureError, as every
other timeout does.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
from azure.core.credentials import TokenCredential
from azure.core.pipeline.transport import RequestsTransport

from shared.deadline import seconds_left
from shared.errors import OutOfTime
from shared.settings import StorageSettings
from shared.storage.answer_timeout import AnswerTimeoutAdapter
from shared.storage.environment_session import EnvironmentSession

#: one for each message that an instance handles concurrently (host.json), and some for HTTP and the timer
_CONNECTIONS = 48
_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 10
#: The SDKs sleep as long as `Retry-After` asks, even an hour.
_LONGEST_PAUSE_SECONDS = 2

_Client = TypeVar("_Client")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one call may take, in seconds, and how many connections stay open.

    `connect` applies to each address of the service's name, `answer` to the whole answer, however slowly its
    bytes arrive. `retry_after` is the pause before the only retry.
    """

    connect: float
    answer: float
    retry_after: int
    connections: int


def default_timeouts() -> Timeouts:
    """Return the timeouts for all callers except the webhook."""
    return Timeouts(connect=_CONNECT_SECONDS, answer=_ANSWER_SECONDS, retry_after=1, connections=_CONNECTIONS)


def build_client(
    client_class: type[_Client],
    url: str,
    name: str,
    storage: StorageSettings,
    credential: TokenCredential | None,
    *,
    timeouts: Timeouts | None = None,
    **options: Any,
) -> _Client:
    """Return a client for the queue, table or container `name`, at `url` unless there is a connection string.

    The client sends nothing yet. `options` are further options of the client class.
    """
    sdk_class: Any = client_class  # the SDK's three client classes have no common type
    options = {**client_options(timeouts or default_timeouts()), **options}
    if storage.connection_string:
        client: _Client = sdk_class.from_connection_string(storage.connection_string, name, **options)
    else:
        client = sdk_class(url, name, credential=credential, **options)
    return client


def client_options(timeouts: Timeouts) -> dict[str, Any]:
    """Return the options that every client of the SDK gets."""
    return {"transport": transport(timeouts), "retry_total": 1}


def transport(timeouts: Timeouts) -> RequestsTransport:
    """Return a transport that keeps all its connections; by default requests keeps only ten."""
    session = EnvironmentSession()
    adapter = AnswerTimeoutAdapter(pool_connections=2, pool_maxsize=timeouts.connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return _Transport(session, timeouts)


def has_time(seconds: float) -> bool:
    """Return whether the deadline leaves at least `seconds`."""
    try:
        return seconds_left(seconds) >= seconds
    except OutOfTime:
        return False


class ServiceTime:
    """Reads the service's time from the `Date` of an answer, to a second. Pass it as `raw_response_hook`.

    `value` is None until an answer has a readable date.
    """

    value: datetime | None = None

    def __call__(self, answer: Any) -> None:
        """Read the date of an answer; the SDK calls this."""
        with suppress(ValueError, TypeError, OverflowError):
            date = parsedate_to_datetime(answer.http_response.headers.get("Date", ""))
            self.value = date if date.tzinfo else None  # "-0000" says that the zone is not known


class _Transport(RequestsTransport):  # type: ignore[misc]  # the SDK hides its type
    """Sets the timeouts of each call; the SDKs ignore their own timeout options if they get a transport."""

    def __init__(self, session: requests.Session, timeouts: Timeouts) -> None:
        super().__init__(session=session)
        self._timeouts = timeouts

    def send(self, request: Any, **kwargs: Any) -> Any:
        """Send a request within its time. Raises OutOfTime before anything is sent, else as the SDK does."""
        kwargs["connection_timeout"] = seconds_left(self._timeouts.connect)
        kwargs["read_timeout"] = seconds_left(self._timeouts.answer)
        return super().send(request, **kwargs)

    def sleep(self, duration: float) -> None:
        """Pause before a retry. Raises OutOfTime."""
        super().sleep(seconds_left(min(duration, _LONGEST_PAUSE_SECONDS)))
