"""Sending one call: with a token, through the breaker, within its deadline, with one quick retry of a read.

What is known of a call that failed matters to whoever writes. `NotConnected` and `OutOfTime` say that nothing
was sent; every other `GraphUnavailable` leaves open whether Graph did what it was asked.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
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
from shared.graph import protocol
from shared.graph.answers import decipher
from shared.graph.breaker import FIRST_WAIT, Breaker
from shared.graph.protocol import Call
from shared.logs import logger

#: one call, from connecting to the last byte of the answer
CALL = timedelta(seconds=20)
#: the longest answer, unpacked: a page of a hundred events with their bodies is a tenth of it
MOST_BYTES = 16 * 1024 * 1024
#: httpx raises these before it has a connection, so the request was not sent
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_BROKEN = (
    httpx.HTTPError,
    httpx.StreamError,
    httpx.InvalidURL,
    httpx.CookieConflict,
    UnicodeError,
    OutOfTime,
)


class _Token(Protocol):
    @property
    def value(self) -> str: ...


class Tokens(Protocol):
    """Where tokens come from; `refused` is one that Graph has answered with 401."""

    def token(self, resource: str, *, refused: str = "") -> _Token:
        """Return a token for `resource`; raises GraphUnavailable or Unauthorized."""


@dataclass(slots=True)
class Tally:
    """The calls for one message, counted; Microsoft's support asks for the request ids."""

    calls: int = 0
    writes: int = 0
    request_ids: list[str] = field(default_factory=list)
    #: Graph's clock, as its last answer tells it
    date: str = ""


class _TooLong(httpx.StreamError):
    """An answer is longer than any of Graph's."""


class Sender:
    """Sends calls; one for all threads of a process."""

    def __init__(
        self, http: httpx.Client, tokens: Tokens, resource: str, now: Callable[[], datetime]
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._resource = resource
        self._now = now
        self._breaker = Breaker()

    def send(self, call: Call, tally: Tally) -> dict[str, Any]:
        """Return the answer's JSON object; a read without answer is sent once more if there is time.

        Raises:
            GraphError: the subclass says what to do next.
            OutOfTime: the deadline was over before anything was sent.
        """
        try:
            return self._unless_paused(call, tally)
        except GraphPaused:
            raise
        except GraphUnavailable:
            if call.method != "GET":
                raise
            with suppress(OutOfTime):
                return self._unless_paused(call, tally)
            raise

    def _unless_paused(self, call: Call, tally: Tally) -> dict[str, Any]:
        """Send, and let the breaker know what a call about a mailbox came to."""
        seconds_left(CALL.total_seconds())
        if not call.mailbox:
            return self._with_token(call, tally)
        if call.extra:
            if self._breaker.is_open:
                raise GraphPaused(call.name, retry_after=FIRST_WAIT)
            return self._with_token(call, tally)
        if wait := self._breaker.wait(self._now()):
            raise GraphPaused(call.name, retry_after=wait)
        try:
            answer = self._with_token(call, tally)
        except GraphUnavailable as error:
            if self._breaker.failed(call.mailbox, self._now()):
                logger().warning("graph.paused", detail=str(error))
            raise
        except GraphError:
            self._answered()
            raise
        self._answered()
        return answer

    def _answered(self) -> None:
        if self._breaker.succeeded():
            logger().info("graph.resumed")

    def _with_token(self, call: Call, tally: Tally) -> dict[str, Any]:
        """Send with the token at hand, and once more with a fresh one where Graph refuses it."""
        token = self._token()
        try:
            return self._exchange(call, token, tally)
        except Unauthorized:
            if call.once:
                raise
        try:
            return self._exchange(call, self._token(refused=token), tally)
        except (NotConnected, OutOfTime) as error:
            # The first request was sent, so this one proves nothing.
            raise GraphUnavailable(call.name, detail=f"after a 401: {error}") from error

    def _token(self, *, refused: str = "") -> str:
        try:
            return self._tokens.token(self._resource, refused=refused).value
        except GraphUnavailable as error:
            raise NotConnected(
                error.call, status=error.status, code=error.code, detail=error.detail
            ) from error

    def _exchange(self, call: Call, token: str, tally: Tally) -> dict[str, Any]:
        tally.calls += 1
        tally.writes += call.method != "GET"
        try:
            with deadline(CALL):
                status, headers, body = self._receive(call, token)
        except _NOT_SENT as error:
            raise NotConnected(call.name, detail=type(error).__name__) from error
        except _BROKEN as error:
            raise GraphUnavailable(call.name, detail=type(error).__name__.lstrip("_")) from error
        tally.date = headers.get("date", "")
        if request_id := headers.get("request-id"):
            tally.request_ids.append(request_id[:64])
        return decipher(call, status, headers, body)

    def _receive(self, call: Call, token: str) -> tuple[int, httpx.Headers, bytes]:
        """Return the whole answer, unless it takes too long or is too long."""
        body = bytearray()
        with self._http.stream(
            call.method,
            protocol.VERSION + call.path,
            params=dict(call.params),
            headers={
                **call.headers,
                "Authorization": f"Bearer {token}",
                "client-request-id": str(uuid4()),
            },
            json=call.json,
        ) as response:
            for part in response.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise _TooLong("the answer is too long")
                seconds_left(CALL.total_seconds())
        return response.status_code, response.headers, bytes(body)
