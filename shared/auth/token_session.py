"""The HTTP session that MSAL uses for the token service: limited in time, and strict about answers.

MSAL itself waits forever, and takes the page of a proxy or an outage for a refused credential.
"""

import io
import json
import time
from http import HTTPStatus
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from shared.errors import GraphUnavailable

#: names the call in errors
GET_TOKEN = "get a token"  # noqa: S105 -- a description, not a secret
_TIMEOUT_SECONDS = 10
_MAX_BYTES = 1024 * 1024
#: statuses of a token service that understood the request; 401 without a body is Azure Arc's challenge
_ANSWER_STATUSES = frozenset(
    {HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
)


class TokenSession(requests.Session):
    """Gives up on a token service that is silent or slow, and on any other service."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the complete answer.

        Raises:
            GraphUnavailable: it does not come from a working token service.
            requests.RequestException: there is no answer.
        """
        end = time.monotonic() + _TIMEOUT_SECONDS
        kwargs |= {"timeout": kwargs.get("timeout") or _TIMEOUT_SECONDS, "stream": True}
        with super().request(*args, **kwargs) as response:
            body = bytearray()
            try:
                # read1 returns the bytes that are there; read would wait for all of them.
                while part := response.raw.read1(65536, decode_content=True):
                    body += part
                    if len(body) > _MAX_BYTES or time.monotonic() > end:
                        raise _unavailable(response, "the answer takes too long, or is too long")
            except HTTPError as error:
                raise _unavailable(response, type(error).__name__) from error
        answer = requests.Response()
        answer.status_code, answer.headers, answer.url = response.status_code, response.headers, response.url
        answer.encoding, answer.raw = "utf-8", io.BytesIO(body)
        if not _is_token_answer(answer.status_code, bytes(body)):
            raise _unavailable(answer, "")
        return answer


def _is_token_answer(status: int, body: bytes) -> bool:
    if status == HTTPStatus.UNAUTHORIZED and not body:
        return True
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if status not in _ANSWER_STATUSES or not isinstance(data, dict):
        return False
    # MSAL reads lifetimes with int(), and its ValueError would look like a wrong setting.
    lifetimes = [data[key] for key in ("expires_in", "expires_on") if key in data]
    return all(str(lifetime)[:20].isdecimal() for lifetime in lifetimes)


def _unavailable(response: requests.Response, detail: str) -> GraphUnavailable:
    return GraphUnavailable(GET_TOKEN, status=response.status_code, detail=detail)
