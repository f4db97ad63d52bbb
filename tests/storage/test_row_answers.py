"""What `Table` concludes from answers that Azurite does not give: of the real service, of proxies, cut ones.

A wrong conclusion could double a write or lose it: a row that was written is not "changed by another", and a
page of a proxy is not "there is no row".
"""

import gzip
import json

import pytest

from shared.errors import RowConflict, StateChanged, StorageUnavailable
from shared.settings import StorageSettings
from shared.storage.tables import RowChange, Table
from tests.bad_server import hang_up, send, server

ETAG = "W/\"datetime'2026-11-26T12%3A00%3A00.1234567Z'\""
ROW = {
    "odata.metadata": "https://a/$metadata#t/@Element",
    "odata.etag": ETAG,
    "PartitionKey": "p",
    "RowKey": "r",
    "Timestamp": "2026-11-26T12:00:00.1234567Z",
    "n": 1,
}
JSON = "Content-Type: application/json;odata=minimalmetadata;streaming=true;charset=utf-8"
XML = (
    '<?xml version="1.0" encoding="utf-8" standalone="yes"?>'
    '<error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><code>{}</code>'
    '<message xml:lang="en-US">The text.</message></error>'
)
PAGE = "<html><body>Not here. <code>{}</code></body></html>"


def answer(status: int, *headers: str, body: str | bytes = b"") -> bytes:
    """Return an answer with its length."""
    content = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(head).encode() + content


def refusal(code: str, text: str = "The text.") -> str:
    """Return the body of an error of the table service."""
    value = f"{text}\nRequestId:1\nTime:2026-11-26T12:00:00.1234567Z"
    return json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": value}}})


def refused(status: int, code: str) -> bytes:
    return answer(status, JSON, body=refusal(code))


def row(**changes: object) -> bytes:
    """Return the answer to a read; a change to None removes a property."""
    values = {name: value for name, value in (ROW | changes).items() if value is not None}
    return answer(200, JSON, body=json.dumps(values))


def gzipped(body: str) -> bytes:
    return answer(409, JSON, "Content-Encoding: gzip", body=gzip.compress(body.encode()))


def call(operation: str, raw: bytes | None) -> str:
    """Return what `Table` concludes from an answer: an ETag or a row, the name of its error, or "none"."""
    with server(hang_up if raw is None else send(raw)) as url:
        table = Table.connect(
            "t",
            StorageSettings(connection_string=f"AccountName=a;AccountKey=a2V5;TableEndpoint={url}"),
            None,
            create_if_missing=False,
        )
        try:
            match operation:
                case "read":
                    found = table.read("p", "r")
                    return f"row {found.etag}" if found else "none"
                case "insert":
                    return table.write("p", "r", {"n": 1}, etag=None)
                case "replace":
                    return table.write("p", "r", {"n": 1}, etag=ETAG)
            both = RowChange("r", {"n": 1}, ETAG), RowChange("s", {"n": 1}, None)
            return " ".join(table.write_together("p", both))
        except RowConflict as conflict:
            return f"conflict of {conflict.row or 'some row'}"
        except (StateChanged, StorageUnavailable) as error:
            return type(error).__name__
        finally:
            table.close()


CHANGED, UNAVAILABLE = StateChanged.__name__, StorageUnavailable.__name__


@pytest.mark.parametrize(
    ("expected", "raw"),
    [
        pytest.param(f"row {ETAG}", row(), id="a row"),
        pytest.param(f"row {ETAG}", answer(200, body=json.dumps(ROW)), id="a row without a content type"),
        pytest.param(
            f"row {ETAG}",
            answer(200, f"ETag: {ETAG}", body=json.dumps({**ROW, "odata.etag": ""})),
            id="its ETag in a header",
        ),
        pytest.param("none", refused(404, "ResourceNotFound"), id="no row"),
        pytest.param("none", refused(404, "TableNotFound"), id="no table"),
        pytest.param("none", answer(404, body=XML.format("ResourceNotFound")), id="no row, as XML"),
        pytest.param(UNAVAILABLE, answer(404), id="404 without a code"),
        pytest.param(UNAVAILABLE, answer(404, body=PAGE.format("ResourceNotFound")), id="404 of a proxy"),
        pytest.param(UNAVAILABLE, answer(502, body=XML.format("ResourceNotFound")), id="502 with that code"),
        pytest.param(UNAVAILABLE, refused(403, "ResourceNotFound"), id="403 with that code"),
        pytest.param(UNAVAILABLE, refused(503, "ServerBusy"), id="503"),
        pytest.param(UNAVAILABLE, answer(200, body="<html>"), id="200 of a proxy"),
        pytest.param(UNAVAILABLE, answer(200, body="[]"), id="a list"),
        pytest.param(UNAVAILABLE, answer(200, body="[" * 100_000), id="too deep"),
        pytest.param(UNAVAILABLE, answer(200, body=b"\xff"), id="no text"),
        pytest.param(UNAVAILABLE, answer(204), id="204"),
        pytest.param(UNAVAILABLE, answer(206, body=json.dumps(ROW)), id="206"),
        pytest.param(UNAVAILABLE, row(**{"odata.etag": None}), id="no ETag"),
        pytest.param(UNAVAILABLE, row(**{"odata.etag": ""}), id="an empty ETag"),
        pytest.param(UNAVAILABLE, row(**{"odata.etag": 1}), id="a number as ETag"),
        pytest.param(UNAVAILABLE, row(Timestamp=None), id="no time"),
        pytest.param(UNAVAILABLE, row(Timestamp=5), id="a number as time"),
        pytest.param(UNAVAILABLE, row(Timestamp="9999-12-31T23:59:59-05:00"), id="a time after all times"),
        pytest.param(UNAVAILABLE, row()[:-40], id="cut"),
        pytest.param(UNAVAILABLE, None, id="no answer"),
    ],
)
def test_a_read_has_a_row_or_none_only_if_the_service_says_so(expected: str, raw: bytes | None) -> None:
    """If there is none, nothing was written yet, and the next step may be a write."""
    assert call("read", raw) == expected


@pytest.mark.parametrize(
    "date", ["Thu, 26 Nov 2026 12:00:00 -0000", "Thu, 26 Nov 99999999999 12:00:00 GMT", "x"]
)
def test_an_odd_date_header_does_not_spoil_a_read(date: str) -> None:
    """The row counts as young, so that no lease ends early."""
    assert call("read", answer(200, JSON, f"Date: {date}", body=json.dumps(ROW))) == f"row {ETAG}"


WRITTEN = (
    pytest.param(ETAG, answer(201, f"ETag: {ETAG}", body="{}"), id="201"),
    pytest.param(ETAG, answer(204, f"etag: {ETAG}"), id="204"),
    pytest.param(UNAVAILABLE, answer(200, f"ETag: {ETAG}"), id="200"),
    pytest.param(UNAVAILABLE, answer(204), id="no ETag"),
    pytest.param(UNAVAILABLE, answer(204, "ETag:  "), id="a blank ETag"),
    pytest.param(UNAVAILABLE, b"HTTP/1.1 204 X\r\nETag: W/\"datetime'2026-11-2", id="cut in the ETag"),
    pytest.param(UNAVAILABLE, answer(204, f"ETag: {ETAG}", "Content-Length: 0"), id="two lengths"),
    pytest.param(UNAVAILABLE, answer(302, "Location: http://127.0.0.1:1/"), id="302"),
    pytest.param(UNAVAILABLE, refused(500, "InternalError"), id="500"),
    pytest.param(UNAVAILABLE, refused(500, "EntityAlreadyExists"), id="500 with the code of a conflict"),
    pytest.param(UNAVAILABLE, answer(409, body=PAGE.format("EntityAlreadyExists")), id="409 of a proxy"),
    pytest.param(UNAVAILABLE, answer(412), id="412 without a code"),
    pytest.param(UNAVAILABLE, refused(409, "TableBeingDeleted"), id="409 for the table"),
    pytest.param(UNAVAILABLE, answer(409, body="[" * 100_000), id="409, too deep"),
    pytest.param(UNAVAILABLE, None, id="no answer"),
)


@pytest.mark.parametrize(
    ("expected", "raw"),
    [
        *WRITTEN,
        pytest.param(CHANGED, refused(409, "EntityAlreadyExists"), id="there is a row"),
        pytest.param(CHANGED, gzipped(refusal("EntityAlreadyExists")), id="the same, compressed"),
        pytest.param(CHANGED, answer(409, body=XML.format("EntityAlreadyExists")), id="the same, as XML"),
        pytest.param(
            CHANGED, answer(409, "X-MS-Error-Code: EntityAlreadyExists"), id="the same, in a header"
        ),
        pytest.param(
            CHANGED,
            answer(409, body='{"odata.error": {"code": "EntityAlreadyExists", "message": "text"}}'),
            id="the same, with a plain text",
        ),
    ],
)
def test_an_insert_is_done_refused_or_unknown(expected: str, raw: bytes | None) -> None:
    """Unknown is no conflict: the caller looks whether the row is its own."""
    assert call("insert", raw) == expected


@pytest.mark.parametrize(
    ("expected", "raw"),
    [
        *WRITTEN,
        pytest.param(CHANGED, refused(412, "UpdateConditionNotSatisfied"), id="changed meanwhile"),
        pytest.param(CHANGED, refused(412, "ConditionNotMet"), id="changed meanwhile, in other words"),
        pytest.param(CHANGED, refused(404, "ResourceNotFound"), id="gone"),
        pytest.param(CHANGED, refused(404, "EntityNotFound"), id="gone, in other words"),
        pytest.param(UNAVAILABLE, answer(404, body=PAGE.format("ResourceNotFound")), id="404 of a proxy"),
    ],
)
def test_a_replacement_is_done_refused_or_unknown(expected: str, raw: bytes | None) -> None:
    """Unknown is no conflict: the caller looks whether the row is its own."""
    assert call("replace", raw) == expected


def part(status: str = "204 No Content", *headers: str, body: str = "") -> str:
    """Return the answer to one row, as the service writes it."""
    head = "--changesetresponse_2\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary"
    fixed = ("X-Content-Type-Options: nosniff", "Cache-Control: no-cache", "DataServiceVersion: 3.0;")
    return "\r\n".join([head, "", f"HTTP/1.1 {status}", *fixed, *headers, "", body, ""])


def parts(*answers: str, status: int = 202, line_end: str = "\r\n") -> bytes:
    """Return the answer to a transaction."""
    head = "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_2\r\n\r\n"
    body = f"{head}{''.join(answers)}--changesetresponse_2--\r\n--batchresponse_1--\r\n"
    content_type = "Content-Type: multipart/mixed; boundary=batchresponse_1"
    return answer(status, content_type, body=body.replace("\r\n", line_end))


DONE = part("204 No Content", "Content-ID: 1", f"ETag: {ETAG}")


def refused_part(status: str, code: str, text: str) -> str:
    return part(status, JSON, body=refusal(code, text))


@pytest.mark.parametrize(
    ("expected", "raw"),
    [
        pytest.param(f"{ETAG} {ETAG}", parts(DONE, DONE), id="two rows"),
        pytest.param(f"{ETAG} {ETAG}", parts(DONE, DONE, line_end="\n"), id="two rows, other line ends"),
        pytest.param(f"{ETAG} {ETAG}", parts(*[part("204", f"ETAG:{ETAG}")] * 2), id="without reasons"),
        pytest.param(f"{ETAG} {ETAG}", parts(*[part("201 Created", f"ETag: {ETAG}")] * 2), id="created"),
        pytest.param(UNAVAILABLE, parts(DONE), id="one answer for two"),
        pytest.param(UNAVAILABLE, parts(DONE, DONE, DONE), id="three answers for two"),
        pytest.param(UNAVAILABLE, parts(DONE, part()), id="one without an ETag"),
        pytest.param(UNAVAILABLE, parts(DONE, part("204", "ETag: ")), id="a blank ETag"),
        pytest.param(UNAVAILABLE, parts(DONE, part("204", 'ETag: W/"dat')), id="a cut ETag"),
        pytest.param(UNAVAILABLE, parts(DONE, part("200 OK", f"ETag: {ETAG}")), id="200 for a row"),
        pytest.param(UNAVAILABLE, parts(DONE, DONE, status=200), id="200"),
        pytest.param(UNAVAILABLE, answer(202, body="<html>"), id="a page"),
        pytest.param(UNAVAILABLE, refused(202, "InternalError"), id="an error instead of parts"),
        pytest.param(UNAVAILABLE, refused(403, "AuthorizationFailure"), id="403"),
        pytest.param(UNAVAILABLE, parts(DONE, DONE)[:-200], id="cut"),
        pytest.param(UNAVAILABLE, None, id="no answer"),
        pytest.param("conflict of s", parts(refused_part("409 Conflict", "EntityAlreadyExists", "1:The")), id="there is a row"),
        pytest.param("conflict of r", parts(refused_part("412 X", "UpdateConditionNotSatisfied", "0:The")), id="changed meanwhile"),
        pytest.param("conflict of s", parts(DONE, refused_part("412 X", "UpdateConditionNotSatisfied", "1:The")), id="changed meanwhile, after another answer"),
        pytest.param("conflict of r", parts(refused_part("404 Not Found", "ResourceNotFound", "0:The")), id="gone"),
        pytest.param("conflict of some row", parts(refused_part("409 Conflict", "EntityAlreadyExists", "The")), id="it names no row"),
        pytest.param("conflict of some row", parts(refused_part("409 Conflict", "EntityAlreadyExists", "7:The")), id="it names another row"),
        pytest.param("conflict of some row", parts(refused_part("409 Conflict", "EntityAlreadyExists", f"{'9' * 5000}:The")), id="it names a row far away"),
        pytest.param("conflict of some row", parts(part("409 Conflict", body=XML.format("EntityAlreadyExists"))), id="as XML"),
        pytest.param("conflict of s", parts(refused_part("409 Conflict", "EntityAlreadyExists", "1:The"), line_end="\n"), id="other line ends"),
        pytest.param("TableMissing", parts(refused_part("404 Not Found", "TableNotFound", "0:The")), id="no table"),
        pytest.param("TableMissing", parts(refused_part("404 Not Found", "TableNotFound", "The"), line_end="\n"), id="no table, other line ends"),
        pytest.param(UNAVAILABLE, parts(refused_part("409 Conflict", "TableBeingDeleted", "0:The")), id="409 for the table"),
        pytest.param(UNAVAILABLE, parts(part("409 Conflict", body="<html>")), id="409 of a proxy"),
        pytest.param(UNAVAILABLE, parts(refused_part("500 X", "InternalError", "0:The")), id="500"),
        pytest.param(UNAVAILABLE, parts(refused_part("403 X", "AuthorizationPermissionMismatch", "0:The")), id="403 for a row"),
    ],
)  # fmt: skip
def test_a_transaction_is_done_refused_or_unknown(expected: str, raw: bytes | None) -> None:
    """It is done only with an answer for each row; a conflict names the row, if the service does."""
    assert call("transaction", raw) == expected
