"""Tokens from MSAL: one `TokenSource` serves Graph (through httpx) and Storage (through azure-core).

MSAL keeps tokens in memory and renews them before they expire.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from json import JSONDecodeError
from pathlib import Path
from typing import Any, Protocol

import msal
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from shared.errors import GraphError, GraphUnavailable, Unauthorized
from shared.settings import Settings
from shared.single_flight import PATIENCE, SingleFlight
from shared.token_session import TokenSession

_CALL = "get a token"
_AADSTS = re.compile(r"AADSTS\d{1,9}")
#: Entra's words for trouble of its own
#: (https://learn.microsoft.com/entra/identity-platform/reference-error-codes)
_PASSING = frozenset(
    {
        "temporarily_unavailable",
        "server_error",
        "AADSTS90006",
        "AADSTS90012",
        "AADSTS90033",
        "AADSTS90055",
    }
)
#: MSAL calls a token expired when it has five minutes left
_MARGIN = timedelta(minutes=5)
_ASK_EVERY = timedelta(minutes=1)


class _MsalClient(Protocol):
    def acquire_token_for_client(self, **kwargs: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and how long it is good for."""

    value: str = field(repr=False)
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class _Kept:
    """A token, and when it was had."""

    token: Token
    since: datetime

    def is_good(self, now: datetime) -> bool:
        """Whether it will last for some time; not where the clock was set back since."""
        margin = min(_MARGIN, self.token.lifetime / 2)
        return timedelta(0) <= now - self.since < self.token.lifetime - margin

    def at(self, now: datetime) -> Token:
        """Return the token with the lifetime that is left."""
        return Token(self.token.value, self.token.lifetime - (now - self.since))


class TokenSource:
    """Gives access tokens for one identity; safe to share between threads.

    A token that is good is given at once, and MSAL is asked once a minute, in the background, whether it has
    a newer one. So a token service that is slow or away is noticed by nobody until the token ends.
    """

    def __init__(
        self,
        build: Callable[[], _MsalClient],
        *,
        by_scopes: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._build = build
        self._by_scopes = by_scopes
        self._now = now
        self._client: _MsalClient | None = None
        #: by resource: Graph and Storage, at most
        self._kept: dict[str, _Kept] = {}
        self._flights: dict[str, SingleFlight[Token]] = {}

    @classmethod
    def managed_identity(
        cls, client_id: str = "", now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> "TokenSource":
        """Speak as the user-assigned managed identity of `client_id`, or as the system-assigned one."""
        identity = (
            msal.UserAssignedManagedIdentity(client_id=client_id)
            if client_id
            else msal.SystemAssignedManagedIdentity()
        )
        return cls(
            lambda: msal.ManagedIdentityClient(identity, http_client=TokenSession()),
            by_scopes=False,
            now=now,
        )

    @classmethod
    def of(cls, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> "TokenSource":
        """Speak as the settings say: by secret, by certificate, else by managed identity."""
        if not (settings.client_secret or settings.client_certificate):
            return cls.managed_identity(settings.client_id, now)

        def build() -> _MsalClient:
            client: _MsalClient = msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=settings.client_secret or _certificate(settings.client_certificate),
                authority=f"{settings.cloud.login}/{settings.tenant_id}",
                http_client=TokenSession(),
            )
            return client

        return cls(build, by_scopes=True, now=now)

    def token(self, resource: str, *, refused: str = "") -> Token:
        """Return a token for `resource`, such as https://graph.microsoft.com, cached where it is good.

        `refused` is a token that the resource has answered with 401: while it is the cached one, the cache is
        dropped and a fresh one is asked for. Nobody waits longer than five seconds.

        Raises:
            Unauthorized: the identity or its credential is refused; somebody must fix it.
            GraphUnavailable: the token service can't be reached, is slow, or fails.
        """
        flight, now = self._flight(resource), self._now()
        kept = self._kept.get(resource)
        if kept and kept.token.value != refused and kept.is_good(now):
            if now - kept.since >= _ASK_EVERY:
                flight.begin(lambda: self._ask(resource, ""))
            return kept.at(now)
        token = flight.fetch(lambda: self._ask(resource, refused))
        if refused and token.value == refused:  # somebody's fetch began before the token was refused
            token = flight.fetch(lambda: self._ask(resource, refused))
        return token

    def _flight(self, resource: str) -> SingleFlight[Token]:
        return self._flights.setdefault(
            resource,
            SingleFlight(
                lambda: GraphUnavailable(_CALL, detail="the token service takes longer than 5 s"),
                self._now,
                patience=PATIENCE,
            ),
        )

    def _ask(self, resource: str, refused: str) -> Token:
        try:
            answer = self._acquire(resource)
            if refused and answer.get("access_token") == refused:
                self._client = None
                answer = self._acquire(resource)
        except (requests.RequestException, JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise GraphUnavailable(_CALL, detail=type(error).__name__) from error
        except ValueError as error:  # MSAL's word for a credential or an environment that it can't use
            raise Unauthorized(_CALL, detail=type(error).__name__) from error
        token = _token_of(answer)
        self._kept[resource] = _Kept(token, self._now())
        return token

    def _acquire(self, resource: str) -> dict[str, Any]:
        if self._client is None:
            self._client = self._build()
        asked = {"scopes": [f"{resource}/.default"]} if self._by_scopes else {"resource": resource}
        return self._client.acquire_token_for_client(**asked)


def _token_of(answer: dict[str, Any]) -> Token:
    """Read MSAL's answer. It names an error where Entra refuses, and where it is unwell."""
    value = answer.get("access_token")
    if isinstance(value, str) and value:
        try:
            return Token(value, timedelta(seconds=int(answer.get("expires_in", 0))))
        except (TypeError, ValueError, OverflowError) as error:
            raise GraphUnavailable(_CALL, detail="the answer names no lifetime") from error
    code = re.sub(r"[^\w.\-]", "", str(answer.get("error", "")), flags=re.ASCII)[:80]
    found = _AADSTS.findall(str(answer.get("error_description", ""))[:2000])[:1]
    if code in _PASSING or not _PASSING.isdisjoint(found):
        raise GraphUnavailable(_CALL, code=code, detail=" ".join(found))
    raise Unauthorized(_CALL, code=code, detail=" ".join(found))


class StorageCredential:
    """The same token source as azure-core's `TokenCredential`, for queues, tables and blobs."""

    def __init__(self, tokens: TokenSource, now: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._now = now

    def get_token(self, *scopes: str, **_kwargs: object) -> AccessToken:
        """Return a token for the first scope; `expires_on` is in epoch seconds.

        Raises:
            ClientAuthenticationError: there is none; an AzureError, as the SDK's callers expect.
        """
        try:
            token = self._tokens.token(scopes[0].removesuffix("/.default"))
        except GraphError as error:
            raise ClientAuthenticationError(str(error)) from error
        return AccessToken(token.value, int((self._now() + token.lifetime).timestamp()))


def _certificate(setting: str) -> dict[str, str]:
    try:
        return certificate_credential(setting)
    except (OSError, ValueError) as error:
        raise Unauthorized(
            _CALL,
            detail="JOINLINK_CLIENT_CERTIFICATE is neither PEM text with key and certificate, nor base64 of a"
            " PFX without password, nor the path of a file with either",
        ) from error


def certificate_credential(setting: str) -> dict[str, str]:
    """Turn JOINLINK_CLIENT_CERTIFICATE into what MSAL takes.

    The setting is PEM text with key and certificate, base64 of a PFX without password (what Key Vault gives
    for a certificate), or the path of a file that holds either.

    Raises:
        OSError: the file can't be read.
        ValueError: it is none of these.
    """
    data = setting.encode()
    if (
        "-----BEGIN" not in setting
        and "\n" not in setting
        and Path(setting).suffix in {".pem", ".pfx", ".p12"}
    ):
        data = Path(setting).read_bytes()
    if b"-----BEGIN" in data:
        pem = data.decode()
        return {"private_key": pem, "public_certificate": pem}
    try:
        raw = data if data[:1] == b"\x30" else base64.b64decode(data, validate=True)  # 0x30 opens DER
    except binascii.Error as error:
        raise ValueError("the certificate is neither PEM, nor a PFX, nor base64 of one") from error
    key, certificate, _others = pkcs12.load_key_and_certificates(raw, None)
    if key is None or certificate is None:
        raise ValueError("the PFX holds no private key with its certificate")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "private_key": private.decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }
