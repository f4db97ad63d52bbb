"""Tokens from MSAL: one `TokenSource` serves Graph (through httpx) and Storage (through azure-core).

MSAL keeps tokens in memory and renews them before they expire. Its calls block, hence plain
`def`s everywhere.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import msal
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from shared.errors import GraphError, GraphUnavailable, Unauthorized
from shared.settings import Settings

_CALL = "get a token"
_TIMEOUT_SECONDS = 10
_AADSTS = re.compile(r"AADSTS\d+")


class _MsalClient(Protocol):
    def acquire_token_for_client(self, **kwargs: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and how long it is good for."""

    value: str = field(repr=False)
    lifetime: timedelta


class TokenSource:
    """Gives access tokens for one identity; safe to share between threads."""

    def __init__(self, build: Callable[[], _MsalClient], *, by_scopes: bool) -> None:
        self._build = build
        self._by_scopes = by_scopes
        # One thread asks, the others then find its token in the cache.
        self._lock = Lock()
        self._client: _MsalClient | None = None

    @classmethod
    def managed_identity(cls, client_id: str = "") -> "TokenSource":
        """Speak as the user-assigned managed identity of `client_id`, or as the system-assigned one."""
        identity = (
            msal.UserAssignedManagedIdentity(client_id=client_id)
            if client_id
            else msal.SystemAssignedManagedIdentity()
        )
        return cls(
            lambda: msal.ManagedIdentityClient(identity, http_client=_HastySession()),
            by_scopes=False,
        )

    @classmethod
    def of(cls, settings: Settings) -> "TokenSource":
        """Speak as the settings say: by secret, by certificate, else by managed identity."""
        if not (settings.client_secret or settings.client_certificate):
            return cls.managed_identity(settings.client_id)

        def build() -> _MsalClient:
            client: _MsalClient = msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=settings.client_secret or _certificate(settings.client_certificate),
                authority=f"{settings.cloud.login}/{settings.tenant_id}",
                http_client=_HastySession(),
            )
            return client

        return cls(build, by_scopes=True)

    def token(self, resource: str, *, refused: str = "") -> Token:
        """Return a token for `resource`, such as https://graph.microsoft.com, cached where it is good.

        `refused` is a token that the resource has answered with 401: while it is the cached one, the cache is
        dropped and a fresh one is asked for.

        Raises:
            Unauthorized: the identity or its credential is refused; somebody must mend it.
            GraphUnavailable: the token service can't be reached.
        """
        if not self._lock.acquire(timeout=_TIMEOUT_SECONDS):
            raise GraphUnavailable(_CALL, detail="the token service is slow")
        try:
            answer = self._ask(resource)
            if refused and answer.get("access_token") == refused:
                self._client = None
                answer = self._ask(resource)
        except requests.RequestException as error:
            raise GraphUnavailable(_CALL, detail=type(error).__name__) from error
        except ValueError as error:  # MSAL's word for a credential or an environment that it can't use
            raise Unauthorized(_CALL, detail=type(error).__name__) from error
        finally:
            self._lock.release()
        if "access_token" not in answer:
            codes = _AADSTS.findall(str(answer.get("error_description", "")))
            raise Unauthorized(_CALL, code=str(answer.get("error", "")), detail=" ".join(codes[:1]))
        return Token(answer["access_token"], timedelta(seconds=int(answer.get("expires_in", 0))))

    def _ask(self, resource: str) -> dict[str, Any]:
        if self._client is None:
            self._client = self._build()
        asked = {"scopes": [f"{resource}/.default"]} if self._by_scopes else {"resource": resource}
        return self._client.acquire_token_for_client(**asked)


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


class _HastySession(requests.Session):
    """Gives up on a silent token service; MSAL itself would wait for ever."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or _TIMEOUT_SECONDS
        return super().request(*args, **kwargs)


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
