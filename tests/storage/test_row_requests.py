"""What the client for single rows sends, byte by byte, and how often: Azurite would forgive a lot."""

import base64
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import AzureError, ServiceRequestError
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient

from shared.storage.errors import describe
from shared.storage.row_client import RowClient
from tests.storage.test_row_answers import ETAG, ROW
from tests.storage.test_row_client import KEY, NOT_MODIFIED, read_another

URL = "https://a.table.core.windows.net"
ODD = {"PartitionKey": "it's", "RowKey": "a/b %27+&"}
ODD_PATH = "/t(PartitionKey='it%27%27s',RowKey='a%2Fb%20%2527%2B%26')"


@dataclass
class Canned(RequestsTransport):  # type: ignore[misc]  # the SDK hides its type
    """Gives these answers, one for each request: status, headers and body, or an error."""

    answers: list[Any]
    sent: list[Any] = field(default_factory=list)

    def send(self, request: Any, **_options: Any) -> Any:
        """Return the next answer."""
        self.sent.append(
            SimpleNamespace(url=request.url, headers=dict(request.headers), body=request.content)
        )
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = answer
        return SimpleNamespace(status_code=status, headers=headers, content=body, reason="", request=request)

    def sleep(self, _duration: float) -> None:
        """Do not wait."""


class StorageToken:
    """A credential for one token."""

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """Return it for storage only."""
        assert scopes == ("https://storage.azure.com/.default",)
        return AccessToken("secret", 2**40)


def canned(*answers: Any, url: str = URL, **credential: Any) -> tuple[RowClient, Canned]:
    transport = Canned(list(answers))
    options = {"credential": StorageToken(), **credential}
    client = RowClient(url, "t", transport=transport, retry_total=1, **options)
    return client, transport


FOUND: tuple[int, dict[str, str], bytes] = 200, {}, json.dumps(ROW).encode()
DONE = 204, {"ETag": ETAG}, b""


def create_one(client: TableClient) -> None:
    client.create_entity(KEY, retry_total=0)


def replace_one(client: TableClient) -> None:
    client.update_entity(KEY, etag=ETAG, retry_total=0, **NOT_MODIFIED)


def commit_one(client: TableClient) -> None:
    client.submit_transaction([("create", KEY, {})], retry_total=0)


WRITES = (create_one, replace_one, commit_one)
COMMON = {"x-ms-version": "2019-02-02", "DataServiceVersion": "3.0", "User-Agent": "Joinlink"}


def test_a_token_is_a_credential() -> None:
    client, transport = canned(FOUND)
    row = client.get_entity("p", "r")

    [request] = transport.sent
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.url == f"{URL}/t(PartitionKey='p',RowKey='r')"
    assert row.metadata["timestamp"] == datetime(2026, 11, 26, 12, 0, 0, 123456, UTC)


def test_a_row_is_addressed_by_its_exact_key() -> None:
    """Quotes are doubled, and nothing in a key is read as part of the address."""
    client, transport = canned(FOUND, DONE)
    client.get_entity(ODD["PartitionKey"], ODD["RowKey"])
    client.update_entity(ODD, etag=ETAG, retry_total=0, **NOT_MODIFIED)

    assert {request.url for request in transport.sent} == {URL + ODD_PATH}
    read, replaced = transport.sent
    assert COMMON.items() <= read.headers.items()
    assert read.headers["Accept"] == "application/json;odata=minimalmetadata"
    assert read.body is None
    assert replaced.headers["If-Match"] == ETAG
    assert json.loads(replaced.body) == ODD


def test_an_insert_wants_no_content_back() -> None:
    """The answer has the ETag, which is all that we need."""
    client, transport = canned(DONE)
    client.create_entity({**KEY, "at": datetime(2026, 11, 26, tzinfo=UTC), "n": 1, "yes": True})

    [request] = transport.sent
    assert request.url == f"{URL}/t"
    assert request.headers["Prefer"] == "return-no-content"
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {
        **KEY,
        "at@odata.type": "Edm.DateTime",
        "at": "2026-11-26T00:00:00.000000Z",
        "n": 1,
        "yes": True,
    }


def test_a_transaction_has_the_form_that_the_service_documents() -> None:
    """Each row with its own version of the protocol and its own condition, and boundaries of its own."""
    client, transport = canned((503, {}, b""), (503, {}, b""))
    for _ in range(2):
        with pytest.raises(AzureError):
            client.submit_transaction(
                [("update", ODD, {"etag": ETAG, **NOT_MODIFIED}), ("create", KEY, {})], retry_total=0
            )

    first, second = transport.sent
    boundary = re.fullmatch("multipart/mixed; boundary=(batch_.+)", first.headers["Content-Type"])
    assert first.url == f"{URL}/$batch"
    assert boundary
    assert boundary[1] not in second.headers["Content-Type"]
    message: Any = message_from_bytes(
        f"Content-Type: {first.headers['Content-Type']}\r\n\r\n".encode() + first.body
    )
    [change_set] = message.get_payload()
    parts = change_set.get_payload()
    assert [part.get_content_type() for part in parts] == ["application/http"] * 2
    assert [part["Content-Transfer-Encoding"] for part in parts] == ["binary"] * 2
    assert first.body.endswith(f"--\r\n--{boundary[1]}--\r\n".encode())
    (line, replaced, body), (other_line, created, other_body) = map(_request, parts)
    assert line == f"PUT {URL}{ODD_PATH} HTTP/1.1"
    assert (replaced["If-Match"], replaced["DataServiceVersion"]) == (ETAG, "3.0")
    assert int(replaced["Content-Length"]) == len(body)
    assert json.loads(body) == ODD
    assert other_line == f"POST {URL}/t HTTP/1.1"
    assert "If-Match" not in created
    assert json.loads(other_body) == KEY


def _request(part: Any) -> tuple[str, Any, str]:
    """Return the first line, headers and body of a request in a transaction."""
    head, _, body = part.get_payload().partition("\r\n\r\n")
    line, _, headers = head.partition("\r\n")
    return line, message_from_string(headers), body.removesuffix("\r\n")


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:10002/a"])
def test_each_try_is_signed_with_the_key(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry has a time of its own, so that a signature never is older than the try."""
    dates = ["Thu, 26 Nov 2026 12:00:00 GMT", "Thu, 26 Nov 2026 12:00:01 GMT"]
    left = iter(dates)
    monkeypatch.setattr(
        "shared.storage.row_client.formatdate", lambda *, usegmt: next(left) if usegmt else ""
    )
    key = base64.b64encode(b"the key").decode()
    client, transport = canned((503, {}, b""), FOUND, credential=AzureNamedKeyCredential("a", key), url=url)
    client.get_entity(ODD["PartitionKey"], ODD["RowKey"])

    assert [request.headers["x-ms-date"] for request in transport.sent] == dates
    path = urlsplit(url).path + ODD_PATH
    for request, date in zip(transport.sent, dates, strict=True):
        signed = hmac.digest(b"the key", f"GET\n\n\n{date}\n/a{path}".encode(), "sha256")
        assert request.headers["Authorization"] == f"SharedKey a:{base64.b64encode(signed).decode()}"


def test_a_key_that_is_none_is_an_error_of_storage() -> None:
    """The message is delayed, and the log says why."""
    client, transport = canned(credential=AzureNamedKeyCredential("a", "abc"))
    with pytest.raises(AzureError) as caught:
        client.get_entity("p", "r")
    assert "no valid account key" in describe(caught.value)
    assert transport.sent == []


def test_the_signature_of_an_address_is_kept() -> None:
    client, transport = canned(FOUND, DONE, url=f"{URL}?sv=2019-02-02&sig=x%3D", credential=None)
    client.get_entity("p", "r")
    client.create_entity(KEY)

    assert [urlsplit(request.url).query for request in transport.sent] == ["sv=2019-02-02&sig=x%3D"] * 2


@pytest.mark.parametrize(
    "first",
    [
        pytest.param((503, {"Retry-After": "1"}, b""), id="busy"),
        pytest.param((500, {}, b"<html>"), id="an error"),
        pytest.param(ServiceRequestError("no connection"), id="no connection"),
    ],
)
def test_a_read_is_tried_twice_and_a_conditional_write_once(first: Any) -> None:
    """A write whose answer was lost would conflict with its own result."""
    client, transport = canned(first, FOUND)
    assert client.get_entity("p", "r")["n"] == 1
    client, transport = canned(first, first)
    with pytest.raises(AzureError):
        client.get_entity("p", "r")
    assert len(transport.sent) == 2

    for write in WRITES:
        client, transport = canned(first)
        with pytest.raises(AzureError):
            write(client)
        assert len(transport.sent) == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(
            {}, b'{"odata.error": {"code": "AuthorizationPermissionMismatch", "message": {}}}', id="JSON"
        ),
        pytest.param({}, b"<m:error><m:code>AuthorizationPermissionMismatch</m:code></m:error>", id="Atom"),
        pytest.param({}, b"<Error><Code>AuthorizationPermissionMismatch</Code></Error>", id="XML"),
        pytest.param(
            {},
            b"\xef\xbb\xbf<Error><Code>AuthorizationPermissionMismatch</Code></Error>",
            id="XML with a mark",
        ),
        pytest.param({"x-ms-error-code": "AuthorizationPermissionMismatch"}, b"", id="a header"),
    ],
)
def test_a_missing_right_is_named(headers: dict[str, str], body: bytes) -> None:
    """The service refuses in several forms; the admin must read which role is missing."""
    for call in (read_another, *WRITES):
        client, _transport = canned((403, headers, body))
        with pytest.raises(AzureError) as caught:
            call(client)
        assert "lacks the role Storage Table Data Contributor" in describe(caught.value)


def test_a_missing_right_for_one_row_is_named() -> None:
    head = "--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 403 X\r\n\r\n"
    refused = '{"odata.error": {"code": "AuthorizationPermissionMismatch", "message": {"value": "0:no"}}}'
    client, _transport = canned((202, {}, f"{head}{refused}\r\n--c--".encode()))
    with pytest.raises(AzureError) as caught:
        commit_one(client)
    assert "lacks the role Storage Table Data Contributor" in describe(caught.value)


def test_a_condition_that_we_do_not_write_is_not_dropped() -> None:
    """The SDK refuses what has no ETag, or writes it itself."""
    client, transport = canned()
    with pytest.raises(ValueError, match="etag"):
        client.update_entity(KEY, etag="", **NOT_MODIFIED)
    with pytest.raises(ValueError, match="etag"):
        client.submit_transaction([("update", KEY, {"etag": "", **NOT_MODIFIED})])
    assert transport.sent == []
