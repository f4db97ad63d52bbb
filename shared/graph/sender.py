"""Sends one call: with a token, through the circuit breaker, within its deadline. Retries a read once.

The caller of a write must know what a failure means. `NotConnected` and `OutOfTime` mean that nothing was
sent. After any other `GraphUnavailable` Graph may have done what we asked.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import httpx

from shared.deadline import deadline, seconds_left
from shared.errors import (
    GraphError,
    GraphPaused,
    GraphUnavailable,
    NotConnected,
    OutOfTime,
    Unauthorized,
)
from shared.graph.circuit_breaker import FIRST_WAIT, CircuitBreaker
from shared.graph.protocol.answers import read_answer
from shared.graph.protocol.call import GraphCall
from shared.logs import logger

if TYPE_CHECKING:
    from shared.auth.token_source import Token

#: one call, from connecting to the last byte of the answer
CALL_TIMEOUT = timedelta(seconds=20)
#: httpx raises these before it has a connection, so it did not send the request
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_TRANSPORT_ERRORS = (
    httpx.HTTPError,
    httpx.StreamError,
    httpx.InvalidURL,
    httpx.CookieConflict,
    UnicodeError,
    OutOfTime,
)


class Tokens(Protocol):
    """The source of tokens; `refused` is a token that Graph has answered with 401."""

    def token(self, resource: str, *, refused: str = "") -> "Token":
        """Return a token for `resource`; raises GraphUnavailable or Unauthorized."""


@dataclass(slots=True)
class Tally:
    """Counts the calls for one message; Microsoft's support asks for the request ids."""

    calls: int = 0
    writes: int = 0
    request_ids: list[str] = field(default_factory=list)
    #: the Date of Graph's last answer
    date: str = ""


class _TooLong(httpx.StreamError):
    """The answer is longer than the call allows."""

    def __init__(self, call: GraphCall, status: int) -> None:
        # A long error comes from a proxy, and means nothing for what was asked.
        self.error_type = call.too_long if status == HTTPStatus.OK else GraphUnavailable
        self.status = status
        super().__init__(f"the answer is longer than {call.max_bytes >> 20} MiB")


class Sender:
    """Sends calls; one for all threads of a process."""

    def __init__(
        self, http: httpx.Client, tokens: Tokens, resource: str, now: Callable[[], datetime]
    ) -> None:
        self._http = http
        self._url = str(http.base_url).rstrip("/")
        self._tokens = tokens
        self._resource = resource
        self._now = now
        self._breaker = CircuitBreaker()

    def send(self, call: GraphCall, tally: Tally) -> dict[str, Any]:
        """Return the answer's JSON object; retries a read once if there is time.

        Raises:
            GraphError: the subclass names what to do next.
            OutOfTime: the deadline passed before anything was sent.
        """
        try:
            return self._send_unless_paused(call, tally)
        except GraphPaused:
            raise
        except GraphUnavailable:
            if call.method != "GET":
                raise
            with suppress(OutOfTime):
                return self._send_unless_paused(call, tally)
            raise

    def _send_unless_paused(self, call: GraphCall, tally: Tally) -> dict[str, Any]:
        """Send unless the circuit is open; report the result to the circuit breaker."""
        seconds_left(CALL_TIMEOUT.total_seconds())
        if not call.mailbox:
            return self._send_with_token(call, tally)
        if call.is_optional:
            if self._breaker.is_open:
                raise GraphPaused(call.name, retry_after=FIRST_WAIT)
            return self._send_with_token(call, tally)
        if wait := self._breaker.wait(self._now()):
            raise GraphPaused(call.name, retry_after=wait)
        try:
            answer = self._send_with_token(call, tally)
        except GraphUnavailable as error:
            if self._breaker.failed(call.mailbox, self._now()):
                logger().warning("graph.paused", detail=str(error))
            raise
        except GraphError:
            self._note_answer()
            raise
        self._note_answer()
        return answer

    def _note_answer(self) -> None:
        if self._breaker.succeeded():
            logger().info("graph.resumed")

    def _send_with_token(self, call: GraphCall, tally: Tally) -> dict[str, Any]:
        """Send with the cached token, and again with a fresh one if Graph refuses it."""
        token = self._token()
        try:
            return self._exchange(call, token, tally)
        except Unauthorized:
            if call.at_most_once:
                raise
        try:
            return self._exchange(call, self._token(refused=token), tally)
        except (NotConnected, OutOfTime) as error:
            # The first request was sent, so Graph may have acted on it.
            raise GraphUnavailable(call.name, detail=f"after a 401: {error}") from error

    def _token(self, *, refused: str = "") -> str:
        try:
            return self._tokens.token(self._resource, refused=refused).value
        except GraphUnavailable as error:
            raise NotConnected(
                error.call, status=error.status, code=error.code, detail=error.detail
            ) from error

    def _exchange(self, call: GraphCall, token: str, tally: Tally) -> dict[str, Any]:
        tally.calls += 1
        tally.writes += call.method != "GET"
        try:
            with deadline(CALL_TIMEOUT):
                status, headers, body = self._receive(call, token)
        except _NOT_SENT as error:
            raise NotConnected(call.name, detail=type(error).__name__) from error
        except _TooLong as error:
            raise error.error_type(call.name, status=error.status, detail=str(error)) from error
        except _TRANSPORT_ERRORS as error:
            raise GraphUnavailable(call.name, detail=type(error).__name__.lstrip("_")) from error
        tally.date = headers.get("date", "")
        if request_id := headers.get("request-id"):
            tally.request_ids.append(request_id[:64])
        return read_answer(call, status, headers, body)

    def _receive(self, call: GraphCall, token: str) -> tuple[int, httpx.Headers, bytes]:
        """Return the complete answer; raises OutOfTime or _TooLong."""
        body = bytearray()
        with self._http.stream(
            call.method,
            # An absolute URL: httpx parses a relative one and its parameters three times.
            self._url + call.target,
            headers={
                **call.headers,
                "Authorization": f"Bearer {token}",
                "client-request-id": str(uuid4()),
            },
            json=call.json,
        ) as response:
            for part in response.iter_bytes():
                body += part
                if len(body) > call.max_bytes:
                    raise _TooLong(call, response.status_code)
                seconds_left(CALL_TIMEOUT.total_seconds())
        return response.status_code, response.headers, bytes(body)
