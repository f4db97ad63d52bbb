"""Limits the time for a whole HTTP answer.

The read timeout of requests and urllib3 limits the time between two bytes. So a service that sends a byte
now and then could block its caller forever. This applies to the head and to the body of an answer.
"""

import time
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class AnswerTimeoutAdapter(HTTPAdapter):
    """Treats the read timeout of a request as the time for its whole answer."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the connection pools; requests calls this."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _TimedPool, "https": _TimedTlsPool}


class _TimedReader(RawIOBase):
    """Reads from a socket until the timeout that the socket had at first has passed."""

    def __init__(self, raw: RawIOBase, connected: socket) -> None:
        self._raw = raw
        self._socket = connected
        self._end = time.monotonic() + (connected.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the whole answer took too long")
        self._socket.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedAnswer(HTTPResponse):
    """An answer with one time limit for head and body."""

    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp: BufferedReader = BufferedReader(_TimedReader(self.fp.detach(), sock))


class _TimedConnection(HTTPConnection):
    response_class = _TimedAnswer


class _TimedTlsConnection(HTTPSConnection):
    response_class = _TimedAnswer


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection
