"""The connection pool, in which no call outlasts its deadline, whoever answers how slowly.

httpx bounds each read, so an answer that drips a byte a second never ends. Here each read, write and connect
gets what is left of the deadline around the call (`shared.deadline`), the headers' reads included.
"""

import ssl
from collections.abc import Iterable
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from shared.deadline import seconds_left
from shared.errors import OutOfTime

#: Graph answers most reads within a second; a minute of silence would hold a thread that others need.
TIMEOUT = httpx.Timeout(20, connect=5)
_MOST_CONNECTIONS = 64
_MOST_IDLE = 32
_NEVER = 3600.0


def graph_http(graph_url: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return the connection pool that all messages of a process share; tests bring their own `transport`."""
    client = httpx.Client(
        base_url=graph_url,
        timeout=TIMEOUT,
        transport=transport,
        headers={"User-Agent": "Joinlink", "Accept": "application/json"},
        limits=httpx.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_IDLE),
    )
    # Graph needs no cookies, and a proxy's would be kept for ever.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    if transport is None:
        _bound(client)
    return client


def _bound(client: httpx.Client) -> None:
    """Let all connections of a client keep to the deadline, those through the environment's proxy, too.

    httpx has no public way to give its pool a network backend; a test plays a dripping server against this.
    """
    for transport in {client._transport, *client._mounts.values()}:  # noqa: SLF001 -- see above
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool  # noqa: SLF001 -- see above
            pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001 -- see above


class _Backend(httpcore.NetworkBackend):
    """Connects as `inner` does, for as long as there is time."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """Reads and writes as `inner` does, for as long as there is time."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(timeout: float | None, over: type[httpcore.TimeoutException]) -> float:
    try:
        return seconds_left(_NEVER if timeout is None else timeout)
    except OutOfTime as error:
        raise over("the deadline of the call is over") from error
