"""Tokens from MSAL: one `TokenSource` serves Graph (through httpx) and Storage (through azure-core).

MSAL keeps tokens in memory and renews them before they expire. Its calls block, hence plain
`def`s everywhere.
"""

import base64
import binascii
import re
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import msal
import requests
from azure.core.credentials import AccessToken
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from shared.errors import GraphUnavailable, Unauthorized
from shared.settings import Settings

_CALL = "get a token"
_AADSTS = re.compile(r"AADSTS\d+")


class _MsalClient(Protocol):
    def acquire_token_for_client(self, **kwargs: Any) -> dict[str, Any]: ...


class TokenSource:
    """Gives access tokens for one identity; safe to share between threads."""

    def __init__(self, build: Callable[[], _MsalClient], *, by_scopes: bool) -> None:
        self._build = build
        self._by_scopes = by_scopes
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
            lambda: msal.ManagedIdentityClient(identity, http_client=requests.Session()),
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
                client_credential=settings.client_secret
                or certificate_credential(settings.client_certificate),
                authority=f"{settings.cloud.login}/{settings.tenant_id}",
            )
            return client

        return cls(build, by_scopes=True)

    def token(self, resource: str, *, fresh: bool = False) -> AccessToken:
        """Return a token for `resource`, such as https://graph.microsoft.com, cached where it is good.

        `fresh` drops what is cached first: for use once after a 401.

        Raises:
            Unauthorized: the identity or its credential is refused; somebody must mend it.
            GraphUnavailable: the token service can't be reached.
        """
        try:
            with self._lock:
                if fresh or self._client is None:
                    self._client = self._build()
                asked = {"scopes": [f"{resource}/.default"]} if self._by_scopes else {"resource": resource}
                answer = self._client.acquire_token_for_client(**asked)
        except requests.RequestException as error:
            raise GraphUnavailable(_CALL, detail=type(error).__name__) from error
        except ValueError as error:  # MSAL's word for a credential or an environment that it can't use
            raise Unauthorized(_CALL, detail=type(error).__name__) from error
        if "access_token" not in answer:
            codes = _AADSTS.findall(str(answer.get("error_description", "")))
            raise Unauthorized(_CALL, code=str(answer.get("error", "")), detail=" ".join(codes[:1]))
        return AccessToken(answer["access_token"], int(answer.get("expires_in", 0)))


class StorageCredential:
    """The same token source as azure-core's `TokenCredential`, for queues and tables."""

    def __init__(self, tokens: TokenSource, now: Callable[[], float]) -> None:
        self._tokens = tokens
        self._now = now

    def get_token(self, *scopes: str, **_kwargs: object) -> AccessToken:
        """Return a token for the first scope; `expires_on` is in epoch seconds."""
        token = self._tokens.token(scopes[0].removesuffix("/.default"))
        return AccessToken(token.token, int(self._now()) + token.expires_on)


def certificate_credential(setting: str) -> dict[str, str]:
    """Turn JOINLINK_CLIENT_CERTIFICATE into what MSAL takes.

    The setting is PEM text with key and certificate, base64 of a PFX without password (what Key Vault gives
    for a certificate), or the path of a file that holds either.

    Raises:
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
