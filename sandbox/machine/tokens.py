"""The tokens of one process: the product's own source and MSAL, over the stand-in's endpoint in memory."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msal
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from sandbox.graph import StandIn
from shared.auth.token_session import TokenSession
from shared.auth.token_source import TokenSource

#: how MSAL finds the endpoint (https://learn.microsoft.com/azure/app-service/overview-managed-identity)
ENDPOINT = {"IDENTITY_ENDPOINT": "http://localhost/msi/token", "IDENTITY_HEADER": "sandbox"}
#: the product's own limit for a call to the token service
HANG = timedelta(seconds=10)


class TokenFault(Enum):
    """How a call to the token endpoint fails."""

    DOWN = "no connection"
    THROTTLED = "429"
    FAILED = "503"
    PROXY = "502 of a proxy"
    REFUSED = "the credential is refused"
    HANGS = "no answer within the limit"
    #: it answers a token, which Graph refuses
    USELESS = "a token that Graph refuses"


_STATUSES = {
    TokenFault.THROTTLED: HTTPStatus.TOO_MANY_REQUESTS,
    TokenFault.FAILED: HTTPStatus.SERVICE_UNAVAILABLE,
    TokenFault.PROXY: HTTPStatus.BAD_GATEWAY,
}


class TokenEndpoint:
    """The managed identity endpoint; `faults` are those of the next calls, by any process."""

    def __init__(self, graph: StandIn) -> None:
        self.faults: list[TokenFault] = []
        self._graph = graph

    def source(
        self, now: Callable[[], datetime], stop: Callable[[], None], note: Callable[[TokenFault], None]
    ) -> TokenSource:
        """Return the product's source of tokens for one process.

        `stop` is called before and after each call to the endpoint, `note` with each fault.
        """
        session = TokenSession()
        session.trust_env = False
        session.mount("http://", _Connection(self, stop, note))
        identity = msal.SystemAssignedManagedIdentity()
        return TokenSource(
            lambda: msal.ManagedIdentityClient(identity, http_client=session), uses_scopes=False, now=now
        )

    def revoke_all(self) -> None:
        """Have Graph refuse every token that was issued so far."""
        self._graph.identity.revoke_all()

    def answer(self, request: requests.PreparedRequest, fault: TokenFault | None) -> requests.Response:
        """Answer a call. Raises requests.RequestException: there is no answer."""
        if fault is TokenFault.DOWN:
            raise requests.ConnectionError(fault.value)
        if fault is TokenFault.HANGS:
            raise requests.ReadTimeout(fault.value)
        if fault is TokenFault.REFUSED:
            return _response(HTTPStatus.BAD_REQUEST, json.dumps({"error": "invalid_client"}))
        if fault in _STATUSES:
            return _response(_STATUSES[fault], "<html>Unavailable</html>")
        query = dict(parse_qsl(urlsplit(request.url or "").query))
        status, document = self._graph.identity.answer(query, request.headers["X-IDENTITY-HEADER"])
        if fault is TokenFault.USELESS:
            document = {**document, "access_token": f"useless-{document['access_token'][:8]}"}
        return _response(status, json.dumps(document))


class _Connection(BaseAdapter):
    """The connection of one process to the endpoint: each call is a step, and may fail."""

    def __init__(
        self, endpoint: TokenEndpoint, stop: Callable[[], None], note: Callable[[TokenFault], None]
    ) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._stop = stop
        self._note = note

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        """Answer a call."""
        self._stop()
        faults = self._endpoint.faults
        fault = faults.pop(0) if faults else None
        if fault:
            self._note(fault)
        try:
            return self._endpoint.answer(request, fault)
        finally:
            self._stop()

    def close(self) -> None:
        """Do nothing: there is no connection."""


def _response(status: HTTPStatus, body: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status.value
    response.raw = HTTPResponse(BytesIO(body.encode()), status=status.value, preload_content=False)
    return response
