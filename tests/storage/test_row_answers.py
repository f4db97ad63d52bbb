"""What the client for single rows makes of answers that Azurite does not give."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, DecodeError, HttpResponseError, ServiceRequestError
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient, TableTransactionError

from shared.storage.errors import describe
from shared.storage.row_client import RowClient
from tests.storage.test_row_client import KEY, NOT_MODIFIED, read_another


@dataclass
class Canned(RequestsTransport):  # type: ignore[misc]  # the SDK hides its type
    """Gives these answers, one for each request: status, headers and body, or an error."""

    answers: list[Any]
    sent: list[Any] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def send(self, request: Any, **_options: Any) -> Any:
        """Return the next answer."""
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = answer
        return SimpleNamespace(status_code=status, headers=headers, content=body, reason="", request=request)

    def sleep(self, duration: float) -> None:
        """Note the pause."""
        self.slept.append(duration)


class StorageToken:
    """A credential for one token."""

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """Return it for storage only."""
        assert scopes == ("https://storage.azure.com/.default",)
        return AccessToken("secret", 2**40)


def canned(*answers: Any) -> tuple[RowClient, Canned]:
    transport = Canned(list(answers))
    client = RowClient(
        "https://a.table.core.windows.net", "t", credential=StorageToken(), transport=transport, retry_total=1
    )
    return client, transport


def create_one(client: TableClient) -> None:
    client.create_entity(KEY, retry_total=0)


def replace_one(client: TableClient) -> None:
    client.update_entity(KEY, etag="W/1", retry_total=0, **NOT_MODIFIED)


def commit_one(client: TableClient) -> None:
    client.submit_transaction([("create", KEY, {})], retry_total=0)


WRITES = (create_one, replace_one, commit_one)
ROW = (
    b'{"odata.etag": "W/1", "PartitionKey": "p", "RowKey": "r", "Timestamp": "2026-11-26T12:00:00.1234567Z"}'
)


def test_a_token_is_a_credential() -> None:
    client, transport = canned((200, {}, ROW))
    row = client.get_entity("p", "r")

    [request] = transport.sent
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.url == "https://a.table.core.windows.net/t(PartitionKey='p',RowKey='r')"
    assert row.metadata["timestamp"] == datetime(2026, 11, 26, 12, 0, 0, 123456, UTC)


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
    client, transport = canned(first, (200, {}, ROW))
    assert client.get_entity("p", "r") == KEY
    assert len(transport.sent) == 2

    for write in WRITES:
        client, transport = canned(first)
        with pytest.raises(AzureError):
            write(client)
        assert len(transport.sent) == 1


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'"row"', b"{}", b'{"odata.etag": 1, "Timestamp": 5}', ROW[:40], b"\xff"]
)
def test_an_answer_that_is_not_a_row_is_an_error(body: bytes) -> None:
    """A proxy's page with status 200 must not pass as a row without values."""
    client, _transport = canned((200, {}, body))
    with pytest.raises(DecodeError):
        client.get_entity("p", "r")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(
            {}, b'{"odata.error": {"code": "AuthorizationPermissionMismatch", "message": {}}}', id="JSON"
        ),
        pytest.param({}, b"<m:error><m:code>AuthorizationPermissionMismatch</m:code></m:error>", id="Atom"),
        pytest.param({}, b"<Error><Code>AuthorizationPermissionMismatch</Code></Error>", id="XML"),
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


@pytest.mark.parametrize("status", [200, 201, 204, 302, 404])
def test_a_write_without_an_etag_is_an_error(status: int) -> None:
    """A proxy may have answered: whether the row was written is unknown."""
    for write in WRITES[:2]:
        client, _transport = canned((status, {}, b"<html>"))
        with pytest.raises(HttpResponseError) as caught:
            write(client)
        assert type(caught.value) in {DecodeError, HttpResponseError}


def part(status: int, head: str = "", body: str = "") -> str:
    return f"--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} X\r\n{head}\r\n\r\n{body}\r\n"


REFUSED = '{"odata.error": {"code": "EntityAlreadyExists", "message": {"value": "1:It exists\\n"}}}'


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(202, "<html>", DecodeError, id="a page"),
        pytest.param(202, part(204, "ETag: W/1"), DecodeError, id="one answer for two"),
        pytest.param(202, part(204, "ETag: W/1") + part(204), DecodeError, id="no ETag"),
        pytest.param(200, part(204, "ETag: W/1") * 2, HttpResponseError, id="another status"),
        pytest.param(202, part(409, "", REFUSED), TableTransactionError, id="refused"),
        pytest.param(202, part(500, "", "<html>"), TableTransactionError, id="failed"),
    ],
)
def test_a_transaction_counts_only_with_an_answer_for_each_row(
    status: int, body: str, error: type[Exception]
) -> None:
    client, _transport = canned((status, {}, body.encode()))
    with pytest.raises(error) as caught:
        client.submit_transaction(
            [("create", KEY, {}), ("create", {**KEY, "RowKey": "s"}, {})], retry_total=0
        )
    assert type(caught.value) is error
    if "EntityAlreadyExists" in body:
        assert caught.value.index == 1  # type: ignore[attr-defined]  # a TableTransactionError has it
