"""Requests and answers of the table service for single rows and transactions; sends nothing.

https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from azure.core.exceptions import (
    DecodeError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.core.rest import HttpResponse
from azure.data.tables import EntityProperty, TableEntity, TableTransactionError

#: of every request, and of every part of a transaction
PROTOCOL_HEADERS = {"DataServiceVersion": "3.0", "MaxDataServiceVersion": "3.0;NetFx"}
_READ = {"Accept": "application/json;odata=minimalmetadata"}
_WRITE = {**_READ, "Content-Type": "application/json"}
_KEYS = ("PartitionKey", "RowKey")
_DATETIME = "Edm.DateTime"
#: JSON itself has these types
_PLAIN = (None, "Edm.String", "Edm.Int32", "Edm.Boolean")
#: A proxy may put any words into its page: a class needs the status, too.
_ERRORS: Mapping[tuple[int, str], type[HttpResponseError]] = {
    (HTTPStatus.CONFLICT, "EntityAlreadyExists"): ResourceExistsError,
    (HTTPStatus.PRECONDITION_FAILED, "UpdateConditionNotSatisfied"): ResourceModifiedError,
    (HTTPStatus.PRECONDITION_FAILED, "ConditionNotMet"): ResourceModifiedError,
    (HTTPStatus.NOT_FOUND, "ResourceNotFound"): ResourceNotFoundError,
    (HTTPStatus.NOT_FOUND, "EntityNotFound"): ResourceNotFoundError,
    (HTTPStatus.NOT_FOUND, "TableNotFound"): ResourceNotFoundError,
}
_TYPE = "@odata.type"
_Error = TypeVar("_Error", bound=HttpResponseError)
#: A cut answer may end in the middle of an ETag.
_ETAG = re.compile(r'W/"[^"]+"')
_STATUS_LINE = re.compile(rb"^HTTP/1\.[01] (?=\d{3}\b)", re.MULTILINE)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_ETAG_LINE = re.compile(rb"^etag:([^\r\n]*)", re.MULTILINE | re.IGNORECASE)
#: refusals of a caller may come as XML, whatever was asked for
_XML_CODE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<(?:m:)?error\b[^>]*>\s*<(?:m:)?code>(\w+)</", re.IGNORECASE
)
#: a transaction has at most 100 rows
_MOST_OF_CODE = 80
_INDEXES = frozenset(map(str, range(100)))


class ReadEntity(TableEntity):
    """A row as the SDK returns it, with its ETag and the time when it was written."""

    def __init__(self, values: Mapping[str, Any], etag: str, written: datetime) -> None:
        super().__init__(values)
        self._metadata = {"etag": etag, "timestamp": written}


@dataclass(frozen=True, slots=True)
class Operation:
    """One request; `path` is below the account's URL."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    def part(self, account_url: str) -> bytes:
        """Return the request as a part of a transaction."""
        lines = [
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            "",
            f"{self.method} {account_url}/{self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in (PROTOCOL_HEADERS | self.headers).items()),
            f"Content-Length: {len(self.body)}",
            "",
            "",
        ]
        return "\r\n".join(lines).encode() + self.body + b"\r\n"


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The answer to one operation of a transaction."""

    status: int
    etag: str = ""
    body: bytes = field(default=b"", repr=False)


def read_row(table: str, partition: str, row: str) -> Operation:
    """https://learn.microsoft.com/rest/api/storageservices/query-entities."""
    return Operation("GET", _row_path(table, partition, row), _READ)


def insert_row(table: str, entity: Mapping[str, Any]) -> Operation:
    """https://learn.microsoft.com/rest/api/storageservices/insert-entity. Raises TypeError."""
    return Operation("POST", table, {**_WRITE, "Prefer": "return-no-content"}, _encode(entity))


def replace_row(table: str, entity: Mapping[str, Any], etag: str) -> Operation:
    """https://learn.microsoft.com/rest/api/storageservices/update-entity2. Raises TypeError."""
    path = _row_path(table, entity["PartitionKey"], entity["RowKey"])
    return Operation("PUT", path, {**_WRITE, "If-Match": etag}, _encode(entity))


def transaction(operations: Sequence[Operation], account_url: str, boundary: str) -> Operation:
    """https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions."""
    outer, inner = f"batch_{boundary}", f"changeset_{boundary}"
    parts = b"".join(f"--{inner}\r\n".encode() + each.part(account_url) for each in operations)
    head = f"--{outer}\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n"
    body = head.encode() + parts + f"--{inner}--\r\n--{outer}--\r\n".encode()
    content_type = f"multipart/mixed; boundary={outer}"
    return Operation("POST", "$batch", {**_READ, "Content-Type": content_type}, body)


def parse_row(answer: HttpResponse) -> ReadEntity:
    """Parse a row; a value of a type that we don't write becomes an EntityProperty.

    Raises:
        DecodeError: the answer is not a row.
    """
    try:
        values = json.loads(answer.content)
        etag = parse_etag(values.pop("odata.etag", None) or answer.headers.get("ETag"))
        written = _parse_datetime(values.pop("Timestamp"))
        if etag:
            return ReadEntity(_decode(values), etag, written)
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise DecodeError("the answer is not a row", response=answer) from error
    raise DecodeError("the answer has no ETag", response=answer)


def parse_etag(text: str | None) -> str:
    """Return an ETag of the table service, empty if this is none."""
    etag = (text or "").strip()
    return etag if _ETAG.fullmatch(etag) else ""


def parse_parts(content: bytes) -> list[PartAnswer]:
    """Return the answers in a transaction's answer, in their order.

    An answer begins at its status line. No other line looks like one: bodies are JSON, without line breaks.
    """
    return [_parse_part(part) for part in _STATUS_LINE.split(content)[1:]]


def row_error(answer: HttpResponse) -> HttpResponseError:
    """Return the SDK's error for an answer that refuses an operation."""
    code, _index = _code_and_index(answer.content)
    code = code or answer.headers.get("x-ms-error-code", "")
    return _with_code(_ERRORS.get((answer.status_code, code), HttpResponseError)(response=answer), code)


def transaction_error(part: PartAnswer, answer: HttpResponse) -> TableTransactionError:
    """Return the SDK's error for a transaction that the service refused; `index` is -1 if it names no row."""
    code, index = _code_and_index(part.body)
    error = TableTransactionError(message=code or "the transaction was refused", response=answer, index=index)
    error.status_code = part.status
    return _with_code(error, code)


def _with_code(error: _Error, code: str) -> _Error:
    vars(error)["error_code"] = code  # as in the SDK, whose type does not show it
    return error


def _row_path(table: str, partition: str, row: str) -> str:
    keys = (f"{name}='{_quote(key)}'" for name, key in zip(_KEYS, (partition, row), strict=True))
    return f"{table}({','.join(keys)})"


def _quote(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def _encode(entity: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(_properties(entity))).encode()


def _properties(entity: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in entity.items():
        if isinstance(value, datetime):
            yield name + _TYPE, _DATETIME
            yield name, f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        elif isinstance(value, str | bool) or (isinstance(value, int) and -(2**31) <= value < 2**31):
            yield name, value
        else:
            raise TypeError(f"the column {name} has a value of type {type(value).__name__}")


def _decode(properties: Mapping[str, Any]) -> dict[str, Any]:
    types = {name.removesuffix(_TYPE): kind for name, kind in properties.items() if name.endswith(_TYPE)}
    return {
        name: _decode_value(value, types.get(name))
        for name, value in properties.items()
        if not name.endswith(_TYPE) and not name.startswith("odata.")
    }


def _decode_value(value: Any, kind: str | None) -> Any:
    if kind == _DATETIME:
        return _parse_datetime(value)
    return value if kind in _PLAIN else EntityProperty(value, kind)


def _parse_datetime(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _parse_part(part: bytes) -> PartAnswer:
    head, *rest = _END_OF_HEAD.split(part, 1)
    etag = _ETAG_LINE.search(head)
    body, _, _ = b"".join(rest).partition(b"\n--")
    return PartAnswer(int(head[:3]), parse_etag(etag[1].decode("latin-1")) if etag else "", body)


def _code_and_index(body: bytes) -> tuple[str, int]:
    """Return an error's code, and the number of the row with which its text begins: "" and -1 if missing."""
    if found := _XML_CODE.match(body):
        return found[1].decode()[:_MOST_OF_CODE], -1
    try:
        error = json.loads(body)["odata.error"]
        code, message = str(error["code"])[:_MOST_OF_CODE], error.get("message")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "", -1
    text = str(message.get("value")) if isinstance(message, dict) else str(message)
    index = text.partition(":")[0]
    return code, int(index) if index in _INDEXES else -1
