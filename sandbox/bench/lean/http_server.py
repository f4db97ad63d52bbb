"""An HTTP/1.1 server on asyncio that does little more than to answer each request after a set time."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum
from http import HTTPStatus

_END_OF_HEAD = b"\r\n\r\n"
_TRICKLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class LeanRequest:
    """One request; the names of `headers` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Manner(StrEnum):
    """How an answer is sent: at once, byte by byte, or never."""

    WHOLE = "whole"
    TRICKLE = "trickle"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class LeanAnswer:
    """One answer, sent after `seconds`."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    manner: Manner = Manner.WHOLE

    def encode(self) -> bytes:
        """Return the bytes of the answer."""
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Date: {formatdate(usegmt=True)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        if self.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode() + _END_OF_HEAD + self.body


class LeanConnection(asyncio.Protocol):
    """One connection: requests come one after the other, each with its length."""

    def __init__(self, answer: Callable[[LeanRequest], LeanAnswer]) -> None:
        self._answer = answer
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the connection; asyncio calls this."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; asyncio calls this."""
        del exc
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are complete; asyncio calls this."""
        self._received += data
        while request := self._next_request():
            answer = self._answer(request)
            if answer.manner is Manner.NEVER:
                return
            if answer.seconds:
                asyncio.get_running_loop().call_later(answer.seconds, self._send, answer)
            else:
                self._send(answer)

    def _next_request(self) -> LeanRequest | None:
        end = self._received.find(_END_OF_HEAD)
        if end < 0:
            return None
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        start = end + len(_END_OF_HEAD)
        after = start + int(headers.get("content-length", 0))
        if len(self._received) < after:
            return None
        body = bytes(self._received[start:after])
        del self._received[:after]
        method, target, _version = first.split(" ")
        return LeanRequest(method, target, headers, body)

    def _send(self, answer: LeanAnswer) -> None:
        if answer.manner is Manner.TRICKLE:
            self._trickle(answer.encode(), 0)
        elif self._transport:
            self._transport.write(answer.encode())

    def _trickle(self, data: bytes, place: int) -> None:
        if self._transport and place < len(data):
            self._transport.write(data[place : place + 1])
            asyncio.get_running_loop().call_later(_TRICKLE_SECONDS, self._trickle, data, place + 1)
