"""POSTs that Graph makes: a handshake, or notifications, to the URL of a subscription."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import httpx

#: Sends a body with headers to a URL and returns the status of the answer; raises OSError where none came.
Post = Callable[[str, bytes, Mapping[str, str]], int]

_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a handshake."""

    status: int
    content_type: str
    body: bytes


def over_http(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a body to a URL over the network.

    Raises:
        OSError: no answer within ten seconds.
    """
    return _send(url, body, headers).status_code


def validate_over_http(url: str) -> Reply:
    """Make the handshake's POST over the network.

    Raises:
        OSError: no answer; TimeoutError where ten seconds passed without one.
    """
    answer = _send(url, b"", {"Content-Type": "text/plain; charset=utf-8"})
    return Reply(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)


def _send(url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    try:
        return httpx.post(
            url, content=body, headers=dict(headers), timeout=_TIMEOUT_SECONDS, verify=_tls(), trust_env=False
        )
    except httpx.TimeoutException as error:
        raise TimeoutError(f"no answer within {_TIMEOUT_SECONDS} s") from error
    except httpx.TransportError as error:
        raise ConnectionError("no answer") from error


@cache
def _tls() -> ssl.SSLContext:
    """Return the trust store, which is slow to load and therefore loaded once."""
    return ssl.create_default_context()
