"""Tokens: the managed identity endpoint of App Service, and checks of the tokens that it issued.

MSAL calls it as in https://learn.microsoft.com/azure/app-service/overview-managed-identity. Expiry is in
real time, because MSAL reads the real clock.
"""

import base64
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from sandbox.graph.errors import Refusal
from sandbox.graph.ids import Ids
from sandbox.graph.user import DirectoryUser

PATH = "/msi/token"
_API_VERSION = "2019-08-01"
_GRAPH_HOSTS = frozenset(
    {"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}
)


@dataclass(frozen=True, slots=True)
class _IssuedToken:
    audience: str
    expires_on: float
    #: the person whose own client holds it; None for the app
    user: DirectoryUser | None = None
    #: the delegated permissions of that person's client; None: all
    scopes: frozenset[str] | None = None


class Identity:
    """Issues tokens and checks them.

    `roles` are the permissions in the app's tokens; with None the tokens are opaque, as Graph's may be.
    """

    def __init__(self, ids: Ids, client_id: str) -> None:
        self._ids = ids
        self._client_id = client_id
        self._tokens: dict[str, _IssuedToken] = {}
        self.token_lifetime = timedelta(hours=24)
        self.roles: tuple[str, ...] | None = None

    def answer(self, query: Mapping[str, str], identity_header: str) -> tuple[HTTPStatus, dict[str, Any]]:
        """Answer a call to the managed identity endpoint."""
        resource = query.get("resource", "")
        if not identity_header:
            return _refused(HTTPStatus.UNAUTHORIZED, "The X-IDENTITY-HEADER header is missing.")
        if query.get("api-version") != _API_VERSION:
            return _refused(HTTPStatus.BAD_REQUEST, f"The api-version is not {_API_VERSION}.")
        if not resource:
            return _refused(HTTPStatus.BAD_REQUEST, "The resource is missing.")
        expires_on = int(time.time() + self.token_lifetime.total_seconds())
        return HTTPStatus.OK, {
            "access_token": self._issue(_IssuedToken(audience=resource, expires_on=expires_on)),
            "client_id": self._client_id,
            "expires_on": str(expires_on),
            "not_before": str(int(time.time())),
            "resource": resource,
            "token_type": "Bearer",
        }

    def token_for(self, user: DirectoryUser, scopes: Iterable[str] | None = None) -> str:
        """Return a delegated token: a user's own client may call only that user's mailbox, as `me` too."""
        return self._issue(
            _IssuedToken(
                audience="https://graph.microsoft.com",
                expires_on=float("inf"),
                user=user,
                scopes=None if scopes is None else frozenset(scopes),
            )
        )

    def user_of(self, authorization: str) -> DirectoryUser | None:
        """Return the person whose own client sends this header; None for the app or an unknown token."""
        token = self._tokens.get(authorization.removeprefix("Bearer "))
        return token.user if token else None

    def scopes_of(self, authorization: str) -> frozenset[str] | None:
        """Return the delegated permissions of the person's token in this header; None: all."""
        token = self._tokens.get(authorization.removeprefix("Bearer "))
        return token.scopes if token else None

    def check(self, authorization: str, host: str) -> None:
        """Check that a call has a token for Graph, or for this `host`.

        Raises:
            Refusal: 401, the token is missing, unknown, revoked, expired or for another service.
        """
        scheme, _, value = authorization.partition(" ")
        token = self._tokens.get(value) if scheme.lower() == "bearer" else None
        if token is None:
            raise _unauthorized("Access token is empty." if not value else "Access token validation failure.")
        if token.expires_on <= time.time():
            raise _unauthorized("Lifetime validation failed, the token is expired.")
        if urlsplit(token.audience).netloc not in _GRAPH_HOSTS | {host}:
            raise _unauthorized("Access token validation failure. Invalid audience.")

    def revoke_all(self) -> None:
        """Revoke all tokens of the app."""
        self._tokens = {value: token for value, token in self._tokens.items() if token.user}

    def _issue(self, token: _IssuedToken) -> str:
        value = self._ids.opaque(48)
        if self.roles is not None:
            claims = json.dumps({"roles": self.roles, "aud": token.audience}).encode()
            value = f"e30.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}.{value}"
        self._tokens[value] = token
        return value


def _refused(status: HTTPStatus, message: str) -> tuple[HTTPStatus, dict[str, Any]]:
    return status, {"statusCode": status.value, "message": message}


def _unauthorized(message: str) -> Refusal:
    return Refusal(
        401,
        "InvalidAuthenticationToken",
        message,
        {"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'},
    )
