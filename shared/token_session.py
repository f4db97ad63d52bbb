"""The HTTP session that MSAL asks for tokens with: bounded, and strict about what is an answer.

MSAL waits for ever, and takes a proxy's page or an outage for a refused credential.
"""

import io
import json
import time
from http import HTTPStatus
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from shared.errors import GraphUnavailable

_TIMEOUT_SECONDS = 10
_MOST_BYTES = 1024 * 1024
#: what a token service answers that has understood the question; 401 without a body is Azure Arc's challenge
_ANSWERS = frozenset({HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class TokenSession(requests.Session):
    """Gives up on a token service that is silent, slow, or no token service."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the answer, read to its end.

        Raises:
            GraphUnavailable: it is none of a token service that is well.
            requests.RequestException: there is none.
        """
        end = time.monotonic() + _TIMEOUT_SECONDS
        kwargs |= {"timeout": kwargs.get("timeout") or _TIMEOUT_SECONDS, "stream": True}
        with super().request(*args, **kwargs) as response:
            body = bytearray()
            try:
                # read1 returns what is there; a read of so many bytes waits for all of them
                while part := response.raw.read1(65536, decode_content=True):
                    body += part
                    if len(body) > _MOST_BYTES or time.monotonic() > end:
                        raise _no_answer(response, "it takes too long, or is too long")
            except HTTPError as error:
                raise _no_answer(response, type(error).__name__) from error
        answer = requests.Response()
        answer.status_code, answer.headers, answer.url = response.status_code, response.headers, response.url
        answer.encoding, answer.raw = "utf-8", io.BytesIO(body)
        if not _is_answer(answer.status_code, bytes(body)):
            raise _no_answer(answer, "")
        return answer


def _is_answer(status: int, body: bytes) -> bool:
    if status == HTTPStatus.UNAUTHORIZED and not body:
        return True
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if status not in _ANSWERS or not isinstance(data, dict):
        return False
    # MSAL reads the lifetime of a token with int(), and fails as it does over a wrong setting.
    lifetimes = [data[key] for key in ("expires_in", "expires_on") if key in data]
    return all(str(lifetime)[:20].isdecimal() for lifetime in lifetimes)


def _no_answer(response: requests.Response, detail: str) -> GraphUnavailable:
    return GraphUnavailable("get a token", status=response.status_code, detail=detail)
