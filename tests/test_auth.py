import base64
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msal
import pytest
import requests
from azure.core.exceptions import AzureError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID

from sandbox.graph import StandIn
from sandbox.serve import serve
from shared.auth import StorageCredential, TokenSource, certificate_credential
from shared.errors import GraphUnavailable, Unauthorized
from shared.settings import read_settings

GRAPH = "https://graph.microsoft.com"


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The managed identity endpoint, where MSAL looks for it."""
    graph = StandIn(now=lambda: datetime.now(UTC), tenant_id="c0ffee00-0000-4000-8000-000000000001")
    with serve(graph) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "sandbox")
        yield graph


@pytest.mark.usefixtures("identity")
def test_a_token_is_asked_for_once_and_kept() -> None:
    """MSAL keeps it; after a 401 one fresh token is asked for, however many threads had the old one."""
    tokens = TokenSource.managed_identity()
    first = tokens.token(GRAPH).value
    assert tokens.token(GRAPH).value == first
    second = tokens.token(GRAPH, refused=first).value

    assert second != first
    assert tokens.token(GRAPH, refused=first).value == second


@pytest.mark.usefixtures("identity")
def test_storage_gets_its_token_in_azure_cores_shape() -> None:
    """`expires_on` is a moment in epoch seconds, not a length of time."""
    credential = StorageCredential(
        TokenSource.managed_identity(), lambda: datetime.fromtimestamp(1_000_000, UTC)
    )
    token = credential.get_token("https://storage.azure.com/.default")

    assert token.token
    assert token.expires_on > 1_000_000


def test_a_token_service_that_is_away_is_passing_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network's fault, so the message comes again."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "sandbox")

    with pytest.raises(GraphUnavailable, match="get a token: no answer"):
        TokenSource.managed_identity().token(GRAPH)


def test_a_silent_token_service_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it hold more than one thread for longer than its timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr("shared.auth._TIMEOUT_SECONDS", 0.2)
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "sandbox")
        tokens = TokenSource.managed_identity()

        with pytest.raises(GraphUnavailable, match="get a token: no answer, ReadTimeout"):
            tokens.token(GRAPH)


def test_storage_hears_of_a_missing_token_in_its_own_words() -> None:
    """As an AzureError, which queues, tables and blobs expect."""
    credential = StorageCredential(TokenSource(Refusing, by_scopes=True), lambda: datetime.now(UTC))

    with pytest.raises(AzureError, match="AADSTS7000222"):
        credential.get_token("https://storage.azure.com/.default")


def test_a_certificate_that_cant_be_read_names_its_setting() -> None:
    """The admin learns which setting it is and which forms it may have."""
    environ = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "JOINLINK_TENANT_ID": "c0ffee00-0000-4000-8000-000000000001",
        "JOINLINK_CLIENT_ID": "c0ffee00-0000-4000-8000-000000000002",
        "JOINLINK_CLIENT_CERTIFICATE": "gone/app.pem",
        "JOINLINK_CLIENT_STATE_KEY": "k" * 32,
    }

    with pytest.raises(Unauthorized, match="JOINLINK_CLIENT_CERTIFICATE is neither PEM"):
        TokenSource.of(read_settings(environ)).token(GRAPH)


class Refusing:
    """Answers as MSAL does for an expired secret."""

    def acquire_token_for_client(self, **_asked: Any) -> dict[str, Any]:
        """Refuse."""
        return {
            "error": "invalid_client",
            "error_description": "AADSTS7000222: The provided client secret keys for app 'secret-app' are expired.",
        }


def test_a_refused_credential_is_named_by_its_code() -> None:
    """The AADSTS code is what an admin looks up; the description stays out."""
    with pytest.raises(Unauthorized) as refused:
        TokenSource(Refusing, by_scopes=True).token(GRAPH)

    assert "invalid_client, AADSTS7000222" in str(refused.value)
    assert "secret-app" not in str(refused.value)


@pytest.fixture(scope="module")
def certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A key with its certificate, made for this run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "joinlink")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    return key, made


def test_a_certificate_is_taken_in_every_form_that_admins_have(
    certificate: tuple[rsa.RSAPrivateKey, x509.Certificate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PEM text, base64 of a PFX as Key Vault gives it, or a file of either; MSAL accepts each."""
    key, made = certificate
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(
        Encoding.PEM
    )
    pfx = pkcs12.serialize_key_and_certificates(b"joinlink", key, made, None, NoEncryption())
    (tmp_path / "app.pem").write_bytes(pem)
    (tmp_path / "app.pfx").write_bytes(pfx)
    forms = [
        pem.decode(),
        base64.b64encode(pfx).decode(),
        str(tmp_path / "app.pem"),
        str(tmp_path / "app.pfx"),
    ]
    monkeypatch.setattr(requests.Session, "get", lambda *_a, **_k: pytest.fail("no network here"))

    for form in forms:
        credential = certificate_credential(form)
        signer = msal.oauth2cli.JwtAssertionCreator(credential["private_key"], algorithm="PS256")
        assert signer.create_normal_assertion("audience", "issuer")
        assert (
            x509.load_pem_x509_certificate(
                credential["public_certificate"].encode()[-len(made.public_bytes(Encoding.PEM)) :]
            )
            == made
        )


@pytest.mark.parametrize("setting", ["", "not base64!", base64.b64encode(b"not a pfx").decode()])
def test_what_is_no_certificate_is_refused(setting: str) -> None:
    """As a ValueError, which the token source calls unauthorized."""
    with pytest.raises(ValueError):  # noqa: PT011 -- cryptography's own words vary
        certificate_credential(setting)
