"""The HTTP connection pool for Graph: no call takes longer than its deadline.

httpx limits each read, so an answer that sends one byte a second never ends. In this pool each connect, read
and write, also of the headers, gets only the time that is left of the deadline (`shared.deadline`).
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
_MAX_CONNECTIONS = 64
_MAX_IDLE = 32
_NO_TIMEOUT_SECONDS = 3600.0


def graph_http(graph_url: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return the connection pool that all messages of a process share; tests pass their own `transport`."""
    client = httpx.Client(
        base_url=graph_url,
        timeout=TIMEOUT,
        transport=transport,
        headers={"User-Agent": "Joinlink", "Accept": "application/json"},
        limits=httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=_MAX_IDLE),
    )
    # Graph needs no cookies, and a proxy's would be stored forever.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    if transport is None:
        _limit_to_deadline(client)
    return client


def _limit_to_deadline(client: httpx.Client) -> None:
    """Make all connections of a client obey the deadline, also those through a proxy of the environment.

    httpx has no public way to give its pool a network backend. A test with a slow server covers this.
    """
    for transport in {client._transport, *client._mounts.values()}:  # noqa: SLF001 -- see above
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool  # noqa: SLF001 -- see above
            pool._network_backend = _DeadlineBackend(pool._network_backend)  # noqa: SLF001 -- see above


class _DeadlineBackend(httpcore.NetworkBackend):
    """Connects as `inner` does, within the deadline."""

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
        left = _time_left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


class _DeadlineStream(httpcore.NetworkStream):
    """Reads and writes as `inner` does, within the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _time_left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _time_left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _time_left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _time_left(timeout: float | None, error_type: type[httpcore.TimeoutException]) -> float:
    try:
        return seconds_left(_NO_TIMEOUT_SECONDS if timeout is None else timeout)
    except OutOfTime as error:
        raise error_type("the deadline of the call is over") from error
