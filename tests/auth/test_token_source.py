import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
import requests
from azure.core.exceptions import AzureError

from sandbox.graph import StandIn
from sandbox.serve import serve
from shared.auth.storage_credential import StorageCredential
from shared.auth.token_source import Token, TokenSource
from shared.errors import GraphError, GraphUnavailable, Unauthorized
from shared.settings import read_settings
from tests.bad_server import Answer, answer, hang_up, send_slowly, server

GRAPH = "https://graph.microsoft.com"


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The managed identity endpoint, at the address that MSAL reads."""
    graph = StandIn(now=lambda: datetime.now(UTC), tenant_id="c0ffee00-0000-4000-8000-000000000001")
    with serve(graph) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "sandbox")
        yield graph


@pytest.mark.usefixtures("identity")
def test_a_token_is_requested_once_and_cached() -> None:
    """After a 401 one new token is requested, for all callers that had the old one."""
    tokens = TokenSource.managed_identity()
    first = tokens.token(GRAPH).value
    assert tokens.token(GRAPH).value == first
    second = tokens.token(GRAPH, refused=first).value

    assert second != first
    assert tokens.token(GRAPH, refused=first).value == second


@pytest.mark.usefixtures("identity")
def test_storage_gets_its_token_as_azure_core_expects() -> None:
    """`expires_on` is a time in epoch seconds, not a duration."""
    credential = StorageCredential(
        TokenSource.managed_identity(), lambda: datetime.fromtimestamp(1_000_000, UTC)
    )
    token = credential.get_token("https://storage.azure.com/.default")

    assert token.token
    assert token.expires_on > 1_000_000


def test_an_unreachable_token_service_is_a_temporary_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is at fault, so the message is retried."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "sandbox")

    with pytest.raises(GraphUnavailable, match="get a token: no answer"):
        TokenSource.managed_identity().token(GRAPH)


def test_a_silent_token_service_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the timeout of the token session."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr("shared.auth.token_session._TIMEOUT_SECONDS", 0.2)
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "sandbox")
        tokens = TokenSource.managed_identity()

        with pytest.raises(GraphUnavailable, match="get a token: no answer, ReadTimeout"):
            tokens.token(GRAPH)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that makes a server the managed identity endpoint."""

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
        pytest.param(answer(410, '{"error": "updating"}'), id="410, sent during an update"),
        pytest.param(answer(403, "<html>"), id="a proxy's 403"),
        pytest.param(answer(400, ""), id="an empty 400"),
        pytest.param(answer(200, '{"access_token": "'), id="truncated"),
        pytest.param(answer(200, "<html>"), id="a web page"),
        pytest.param(answer(200, "[]"), id="not an object"),
        pytest.param(answer(200, '{"access_token": "t", "expires_on": "soon"}'), id="no lifetime"),
        pytest.param(hang_up, id="no answer"),
        pytest.param(send_slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"), id="a slow body"),
    ],
)
def test_a_failing_token_service_is_a_temporary_error(
    play: Answer, endpoint: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No admin has to renew a credential."""
    monkeypatch.setattr("shared.auth.token_session._TIMEOUT_SECONDS", 0.3)
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
            "invalid_request", "AADSTS90033: transient", GraphUnavailable, id="busy, with another error"
        ),
    ],
)
def test_a_failure_of_entra_is_not_a_refusal(error: str, text: str, expected: type[GraphError]) -> None:
    """The error code decides."""

    class Client:
        def acquire_token_for_client(self, **_asked: Any) -> dict[str, Any]:
            return {"error": error, "error_description": text}

    with pytest.raises(GraphError) as raised:
        TokenSource(Client, uses_scopes=True).token(GRAPH)

    assert type(raised.value) is expected


class FakeTokenService:
    """A token service and a clock that the test controls."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
        self.calls = 0
        self.works = True
        self.may_answer = Event()
        self.may_answer.set()

    def acquire_token_for_client(self, **_asked: Any) -> dict[str, Any]:
        self.calls += 1
        self.may_answer.wait(60)
        if not self.works:
            raise requests.ConnectionError
        return {"access_token": f"t{self.calls}", "expires_in": 3600}

    def tokens(self) -> TokenSource:
        return TokenSource(lambda: self, uses_scopes=True, now=lambda: self.now)


def request(tokens: TokenSource, threads: int = 32) -> list[str]:
    """Request a token from many threads concurrently; return each result."""

    def one(_: int) -> str:
        try:
            return tokens.token(GRAPH).value
        except GraphUnavailable as error:
            return error.detail

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


def test_many_threads_call_a_failing_token_service_once() -> None:
    """And again after five seconds."""
    service = FakeTokenService()
    service.works = False
    tokens = service.tokens()

    assert request(tokens) == ["ConnectionError"] * 32
    assert service.calls == 1
    service.now += timedelta(seconds=5)
    assert request(tokens) == ["ConnectionError"] * 32
    assert service.calls == 2


def test_no_thread_waits_longer_than_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Thirty-two threads wait at the same time, not one after the other."""
    monkeypatch.setattr("shared.auth.token_source.PATIENCE", timedelta(seconds=0.2))
    service = FakeTokenService()
    service.may_answer.clear()
    found = request(service.tokens())
    service.may_answer.set()

    assert found == ["the token service takes longer than 5 s"] * 32
    assert service.calls == 1


def test_a_fresh_token_is_used_while_the_token_service_is_down() -> None:
    """No caller waits for a newer token while the cached one is fresh."""
    service = FakeTokenService()
    tokens = service.tokens()
    first = tokens.token(GRAPH).value
    service.may_answer.clear()
    service.now += timedelta(minutes=54)
    before_the_end = tokens.token(GRAPH)
    service.now += timedelta(minutes=2)
    service.may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "single-flight":
            thread.join(60)

    assert before_the_end == Token(first, timedelta(minutes=6))
    assert tokens.token(GRAPH).value == "t2"


def test_storage_gets_an_azure_error_for_a_missing_token() -> None:
    """Queues, tables and blobs handle AzureError."""
    credential = StorageCredential(TokenSource(Refusing, uses_scopes=True), lambda: datetime.now(UTC))

    with pytest.raises(AzureError, match="AADSTS7000222"):
        credential.get_token("https://storage.azure.com/.default")


def test_an_unreadable_certificate_names_its_setting() -> None:
    """The error names the setting and the formats that it may have."""
    environ = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "JOINLINK_TENANT_ID": "c0ffee00-0000-4000-8000-000000000001",
        "JOINLINK_CLIENT_ID": "c0ffee00-0000-4000-8000-000000000002",
        "JOINLINK_CLIENT_CERTIFICATE": "gone/app.pem",
        "JOINLINK_CLIENT_STATE_KEY": "k" * 32,
    }

    with pytest.raises(Unauthorized, match="JOINLINK_CLIENT_CERTIFICATE is not valid: use PEM"):
        TokenSource.of(read_settings(environ)).token(GRAPH)


class Refusing:
    """Answers as MSAL does for an expired secret."""

    def acquire_token_for_client(self, **_asked: Any) -> dict[str, Any]:
        """Refuse."""
        return {
            "error": "invalid_client",
            "error_description": "AADSTS7000222: The provided client secret keys for app 'secret-app' are expired.",
        }


def test_a_refused_credential_has_its_error_code() -> None:
    """An admin looks up the AADSTS code; the error leaves out the description."""
    with pytest.raises(Unauthorized) as refused:
        TokenSource(Refusing, uses_scopes=True).token(GRAPH)

    assert "invalid_client, AADSTS7000222" in str(refused.value)
    assert "secret-app" not in str(refused.value)
