"""Access tokens for one identity: a managed identity, or an app registration with a secret or certificate."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from json import JSONDecodeError
from typing import Any, Protocol

import msal
import requests

from shared.auth.certificate import certificate_credential
from shared.auth.token_session import GET_TOKEN, TokenSession
from shared.errors import GraphUnavailable, Unauthorized
from shared.settings import GraphSettings
from shared.single_flight import PATIENCE, SingleFlight

_AADSTS = re.compile(r"AADSTS\d{1,9}")
#: Entra's error codes for its own temporary failures
#: (https://learn.microsoft.com/entra/identity-platform/reference-error-codes)
_TRANSIENT_CODES = frozenset(
    {
        "temporarily_unavailable",
        "server_error",
        "AADSTS90006",
        "AADSTS90012",
        "AADSTS90033",
        "AADSTS90055",
    }
)
#: MSAL treats a token as expired when it has five minutes left.
_MARGIN = timedelta(minutes=5)
_REFRESH_INTERVAL = timedelta(minutes=1)


class _MsalClient(Protocol):
    def acquire_token_for_client(self, **kwargs: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and how long it is valid."""

    value: str = field(repr=False)
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class _CachedToken:
    """A token, and when we received it."""

    token: Token
    received: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Return whether it is valid for some time; false if the clock was set back since."""
        margin = min(_MARGIN, self.token.lifetime / 2)
        return timedelta(0) <= now - self.received < self.token.lifetime - margin

    def at(self, now: datetime) -> Token:
        """Return the token with its remaining lifetime."""
        return Token(self.token.value, self.token.lifetime - (now - self.received))


class TokenSource:
    """Gives access tokens for one identity; safe to share between threads.

    A fresh token comes from the cache. Once a minute a background thread asks MSAL for a newer one. So a
    token service that is slow or down affects nothing until the cached token ends.
    """

    def __init__(
        self,
        build_client: Callable[[], _MsalClient],
        *,
        uses_scopes: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._build_client = build_client
        self._uses_scopes = uses_scopes
        self._now = now
        self._client: _MsalClient | None = None
        #: by resource: at most Graph and Storage
        self._cache: dict[str, _CachedToken] = {}
        self._flights: dict[str, SingleFlight[Token]] = {}

    @classmethod
    def managed_identity(
        cls, client_id: str = "", now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> "TokenSource":
        """Use the user-assigned managed identity of `client_id`, or the system-assigned one."""
        identity = (
            msal.UserAssignedManagedIdentity(client_id=client_id)
            if client_id
            else msal.SystemAssignedManagedIdentity()
        )
        return cls(
            lambda: msal.ManagedIdentityClient(identity, http_client=TokenSession()),
            uses_scopes=False,
            now=now,
        )

    @classmethod
    def of(
        cls, settings: GraphSettings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> "TokenSource":
        """Use the identity of the settings: secret or certificate if set, else a managed identity."""
        if not (settings.client_secret or settings.client_certificate):
            return cls.managed_identity(settings.client_id, now)

        def build_client() -> _MsalClient:
            client: _MsalClient = msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=settings.client_secret or _read_certificate(settings.client_certificate),
                authority=f"{settings.cloud.login}/{settings.tenant_id}",
                http_client=TokenSession(),
            )
            return client

        return cls(build_client, uses_scopes=True, now=now)

    def token(self, resource: str, *, refused: str = "") -> Token:
        """Return a token for `resource`, such as https://graph.microsoft.com, from the cache if it is fresh.

        `refused` is a token that the resource answered with 401: if that one is cached, a new one is
        requested. No caller waits longer than five seconds.

        Raises:
            Unauthorized: the identity or its credential is refused; an admin must fix it.
            GraphUnavailable: the token service can't be reached, is slow, or fails.
        """
        flight, now = self._flight(resource), self._now()
        cached = self._cache.get(resource)
        if cached and cached.token.value != refused and cached.is_fresh(now):
            if now - cached.received >= _REFRESH_INTERVAL:
                flight.start(lambda: self._request(resource, ""))
            return cached.at(now)
        token = flight.fetch(lambda: self._request(resource, refused))
        if refused and token.value == refused:  # another caller's request began before the refusal
            token = flight.fetch(lambda: self._request(resource, refused))
        return token

    def _flight(self, resource: str) -> SingleFlight[Token]:
        return self._flights.setdefault(
            resource,
            SingleFlight(
                lambda: GraphUnavailable(GET_TOKEN, detail="the token service takes longer than 5 s"),
                self._now,
                patience=PATIENCE,
            ),
        )

    def _request(self, resource: str, refused: str) -> Token:
        try:
            answer = self._acquire(resource)
            if refused and answer.get("access_token") == refused:
                self._client = None  # drops MSAL's own cache
                answer = self._acquire(resource)
        except (requests.RequestException, JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise GraphUnavailable(GET_TOKEN, detail=type(error).__name__) from error
        except ValueError as error:  # MSAL raises it for an unusable credential or environment
            raise Unauthorized(GET_TOKEN, detail=type(error).__name__) from error
        token = _read_token(answer)
        self._cache[resource] = _CachedToken(token, self._now())
        return token

    def _acquire(self, resource: str) -> dict[str, Any]:
        if self._client is None:
            self._client = self._build_client()
        arguments = {"scopes": [f"{resource}/.default"]} if self._uses_scopes else {"resource": resource}
        return self._client.acquire_token_for_client(**arguments)


def _read_token(answer: dict[str, Any]) -> Token:
    """Read MSAL's answer, which has an error where Entra refuses or fails."""
    value = answer.get("access_token")
    if isinstance(value, str) and value:
        try:
            return Token(value, timedelta(seconds=int(answer.get("expires_in", 0))))
        except (TypeError, ValueError, OverflowError) as error:
            raise GraphUnavailable(GET_TOKEN, detail="the answer has no valid lifetime") from error
    code = re.sub(r"[^\w.\-]", "", str(answer.get("error", "")), flags=re.ASCII)[:80]
    aadsts = _AADSTS.findall(str(answer.get("error_description", ""))[:2000])[:1]
    if code in _TRANSIENT_CODES or not _TRANSIENT_CODES.isdisjoint(aadsts):
        raise GraphUnavailable(GET_TOKEN, code=code, detail=" ".join(aadsts))
    raise Unauthorized(GET_TOKEN, code=code, detail=" ".join(aadsts))


def _read_certificate(setting: str) -> dict[str, str]:
    try:
        return certificate_credential(setting)
    except (OSError, ValueError) as error:
        raise Unauthorized(
            GET_TOKEN,
            detail="JOINLINK_CLIENT_CERTIFICATE is not valid: use PEM text with key and certificate, base64"
            " of a PFX without password, or the path of a readable file with either",
        ) from error
