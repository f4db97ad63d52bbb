"""The POSTs that Graph sends to the notification URL of a subscription."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import httpx

_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a POST."""

    status: int
    content_type: str = "text/plain"
    body: bytes = b""


#: Sends a body with headers to a URL and returns the answer; raises OSError if there is no answer.
Post = Callable[[str, bytes, Mapping[str, str]], Reply]


def post_over_http(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send a body to a URL over the network.

    Raises:
        TimeoutError: no answer within ten seconds.
        OSError: no answer for another reason.
    """
    try:
        answer = httpx.post(
            url, content=body, headers=dict(headers), timeout=_TIMEOUT_SECONDS, verify=_tls(), trust_env=False
        )
    except httpx.TimeoutException as error:
        raise TimeoutError(f"no answer within {_TIMEOUT_SECONDS} s") from error
    except httpx.TransportError as error:
        raise ConnectionError("no answer") from error
    return Reply(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)


@cache
def _tls() -> ssl.SSLContext:
    """Return the trust store, which is slow to load and therefore loaded once."""
    return ssl.create_default_context()
