import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
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
from shared.auth import StorageCredential, Token, TokenSource, certificate_credential
from shared.errors import GraphError, GraphUnavailable, Unauthorized
from shared.settings import read_settings
from tests.bad_server import Answer, answer, drip, hang_up, server

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
        monkeypatch.setattr("shared.token_session._TIMEOUT_SECONDS", 0.2)
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "sandbox")
        tokens = TokenSource.managed_identity()

        with pytest.raises(GraphUnavailable, match="get a token: no answer, ReadTimeout"):
            tokens.token(GRAPH)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what makes a server the managed identity endpoint."""

    def use(url: str) -> None:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "sandbox")

    return use


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(answer(429, '{"error": "too_many_requests"}', "Retry-After: 60\r\n"), id="429"),
        pytest.param(answer(500, '{"statusCode": 500, "message": "m"}'), id="500"),
        pytest.param(answer(503, ""), id="503"),
        pytest.param(answer(410, '{"error": "updating"}'), id="410, which an update gives"),
        pytest.param(answer(403, "<html>"), id="a proxy's 403"),
        pytest.param(answer(400, ""), id="an empty 400"),
        pytest.param(answer(200, '{"access_token": "'), id="half of an answer"),
        pytest.param(answer(200, "<html>"), id="a page"),
        pytest.param(answer(200, "[]"), id="no object"),
        pytest.param(answer(200, '{"access_token": "t", "expires_on": "soon"}'), id="no lifetime"),
        pytest.param(hang_up, id="no answer"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"), id="a body that drips"),
    ],
)
def test_a_token_service_that_is_unwell_is_passing_trouble(
    play: Answer, endpoint: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to renew a credential for it."""
    monkeypatch.setattr("shared.token_session._TIMEOUT_SECONDS", 0.3)
    with server(play) as url:
        endpoint(url)
        with pytest.raises(GraphUnavailable):
            TokenSource.managed_identity().token(GRAPH)


@pytest.mark.parametrize(
    ("error", "text", "expected"),
    [
        pytest.param("invalid_client", "AADSTS7000222: expired", Unauthorized, id="an expired secret"),
        pytest.param("unauthorized_client", "AADSTS700016: unknown", Unauthorized, id="an unknown app"),
        pytest.param("invalid_scope", "400, No managed identity found", Unauthorized, id="no identity"),
        pytest.param("temporarily_unavailable", "AADSTS90033: transient", GraphUnavailable, id="busy"),
        pytest.param(
            "invalid_request", "AADSTS90033: transient", GraphUnavailable, id="busy, in other words"
        ),
    ],
)
def test_entras_own_trouble_is_no_refusal(error: str, text: str, expected: type[GraphError]) -> None:
    """Its codes tell."""

    class Client:
        def acquire_token_for_client(self, **_asked: Any) -> dict[str, Any]:
            return {"error": error, "error_description": text}

    with pytest.raises(GraphError) as raised:
        TokenSource(Client, by_scopes=True).token(GRAPH)

    assert type(raised.value) is expected


class Outside:
    """A token service and a clock, both in our hands."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
        self.calls = 0
        self.is_well = True
        self.may_answer = Event()
        self.may_answer.set()

    def acquire_token_for_client(self, **_asked: Any) -> dict[str, Any]:
        self.calls += 1
        self.may_answer.wait(5)
        if not self.is_well:
            raise requests.ConnectionError
        return {"access_token": f"t{self.calls}", "expires_in": 3600}

    def tokens(self) -> TokenSource:
        return TokenSource(lambda: self, by_scopes=True, now=lambda: self.now)


def ask(tokens: TokenSource, threads: int = 32) -> list[str]:
    """Ask from many threads at once; return what each got."""

    def one(_: int) -> str:
        try:
            return tokens.token(GRAPH).value
        except GraphUnavailable as error:
            return error.detail

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


def test_a_herd_asks_a_failing_token_service_once() -> None:
    """And once more some seconds later."""
    outside = Outside()
    outside.is_well = False
    tokens = outside.tokens()

    assert ask(tokens) == ["ConnectionError"] * 32
    assert outside.calls == 1
    outside.now += timedelta(seconds=5)
    assert ask(tokens) == ["ConnectionError"] * 32
    assert outside.calls == 2


def test_a_token_service_that_hangs_holds_no_thread_for_longer_than_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Thirty-two threads wait beside each other, not one after the other."""
    monkeypatch.setattr("shared.auth.PATIENCE", timedelta(seconds=0.2))
    outside = Outside()
    outside.may_answer.clear()
    started = time.monotonic()
    found = ask(outside.tokens())

    assert found == ["the token service takes longer than 5 s"] * 32
    assert time.monotonic() - started < 5
    assert outside.calls == 1
    outside.may_answer.set()


def test_a_good_token_outlives_the_token_service() -> None:
    """Nobody waits for a newer one while there is a good one."""
    outside = Outside()
    tokens = outside.tokens()
    first = tokens.token(GRAPH).value
    outside.may_answer.clear()
    outside.now += timedelta(minutes=54)
    before_the_end = tokens.token(GRAPH)
    outside.now += timedelta(minutes=2)
    outside.may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "single-flight":
            thread.join(5)

    assert before_the_end == Token(first, timedelta(minutes=6))
    assert tokens.token(GRAPH).value == "t2"


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
