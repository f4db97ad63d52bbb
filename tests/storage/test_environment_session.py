"""The environment's proxies and certificates, read once for each service."""

from io import BytesIO
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from shared.storage.environment_session import EnvironmentSession

TABLES = "https://contoso.table.core.windows.net"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a proxy, an exception from it, and certificates."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://proxy.contoso.com:8080")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,contoso.queue.core.windows.net")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/certificates.pem")


def settings(session: requests.Session, url: str) -> dict[str, Any]:
    """Return the settings of a request."""
    return dict(session.merge_environment_settings(url, {}, None, True, None))


@pytest.mark.parametrize(
    "url", [f"{TABLES}/meetings", "https://contoso.queue.core.windows.net/q", "http://127.0.0.1:1/"]
)
def test_the_environment_counts_as_it_does_for_any_session(url: str) -> None:
    """Proxies, exceptions from them, and certificates."""
    assert settings(EnvironmentSession(), url) == settings(requests.Session(), url)


def test_the_environment_is_read_once_for_each_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later change of the environment has no effect: a process does not change it."""
    session = EnvironmentSession()
    first = settings(session, f"{TABLES}/meetings?a=1")
    monkeypatch.delenv("HTTPS_PROXY")
    monkeypatch.delenv("https_proxy")

    assert first["proxies"]["https"] == "http://proxy.contoso.com:8080"
    assert settings(session, f"{TABLES}/counters") == first
    assert not settings(session, "https://other.example.com/")["proxies"].get("https")


def test_the_credentials_of_a_netrc_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """They would replace the signature of a request."""
    (tmp_path / "netrc").write_text("machine contoso.table.core.windows.net login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    request = requests.Request("GET", TABLES)

    assert "Authorization" in requests.Session().prepare_request(request).headers
    assert "Authorization" not in EnvironmentSession().prepare_request(request).headers


class Listener(HTTPAdapter):
    """Answers everything with 204, and keeps the requests."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        self.heard.append(request)
        answer = requests.Response()
        answer.status_code, answer.raw = 204, BytesIO()
        return answer


def heard(session: requests.Session, method: str, data: Any, headers: dict[str, str]) -> tuple[Any, ...]:
    """Send as the SDK's transport does; return what went to the network."""
    listener = Listener()
    session.mount("https://", listener)
    session.request(
        method,
        f"{TABLES}/meetings(PartitionKey='a',RowKey='b%20c')?$select=a,b",
        headers=headers,
        data=data,
        files=None,
        verify=True,
        timeout=(2, 10),
        cert=None,
        allow_redirects=False,
        proxies=None,
    )
    [request] = listener.heard
    sent = {name.lower(): value for name, value in request.headers.items()}
    body = request.body.encode() if isinstance(request.body, str) else request.body
    return request.method, request.url, sent, body


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "data", [None, b"", b'{"a": 1}', '{"a": "\N{EURO SIGN}"}', BytesIO(b"abc")], ids=type
)
def test_the_same_goes_to_the_network_as_without_the_short_way(method: str, data: Any) -> None:
    """Signatures of the SDK cover method, URL, length and headers."""
    headers = {"Accept": "application/json", "x-ms-date": "now"}

    assert heard(EnvironmentSession(), method, data, headers) == heard(
        requests.Session(), method, data, headers
    )
