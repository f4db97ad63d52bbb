"""Tables in memory behind the protocol of Azure Table Storage: the operations of the worker, and no others.

Conditions on ETags hold as they do in the service. Signatures are not checked.
https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import unquote

from sandbox.bench.lean.http_server import LeanAnswer, LeanRequest

_ENTITY = re.compile(r"^(\w+)\(PartitionKey='([^']*)',RowKey='([^']*)'\)$")
_BOUNDARY = re.compile(r"boundary=([^\s;]+)")
_JSON = {"Content-Type": "application/json;odata=minimalmetadata"}

_Key = tuple[str, str]


class LeanTables:
    """All tables of one account."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[_Key, dict[str, Any]]] = {}
        self._etags = count(1)

    def answer(self, request: LeanRequest) -> LeanAnswer:
        """Carry out a request."""
        if request.target.partition("?")[0].endswith("/$batch"):
            return self._batch(request)
        return self._operation(request)

    def _operation(self, request: LeanRequest) -> LeanAnswer:
        place = unquote(request.target.partition("?")[0]).rpartition("/")[2]
        if entity := _ENTITY.match(place):
            return self._entity(entity[1], (entity[2], entity[3]), request)
        if request.method != "POST":
            return LeanAnswer(HTTPStatus.NOT_IMPLEMENTED)
        if place == "Tables":
            return self._create_table(json.loads(request.body)["TableName"])
        return self._insert(place, json.loads(request.body))

    def _create_table(self, name: str) -> LeanAnswer:
        if name in self._tables:
            return _error(HTTPStatus.CONFLICT, "TableAlreadyExists")
        self._tables[name] = {}
        return LeanAnswer(HTTPStatus.CREATED, json.dumps({"TableName": name}).encode(), _JSON)

    def _insert(self, table: str, values: dict[str, Any]) -> LeanAnswer:
        if table not in self._tables:
            return _error(HTTPStatus.NOT_FOUND, "TableNotFound")
        key = values["PartitionKey"], values["RowKey"]
        if key in self._tables[table]:
            return _error(HTTPStatus.CONFLICT, "EntityAlreadyExists")
        return self._put(table, key, values)

    def _entity(self, table: str, key: _Key, request: LeanRequest) -> LeanAnswer:
        if table not in self._tables:
            return _error(HTTPStatus.NOT_FOUND, "TableNotFound")
        row, expected = self._tables[table].get(key), request.headers.get("if-match", "")
        if row is None and (expected or request.method not in {"PUT", "PATCH"}):
            return _error(HTTPStatus.NOT_FOUND, "ResourceNotFound")
        if row and expected not in {"", "*", row["odata.etag"]}:
            return _error(HTTPStatus.PRECONDITION_FAILED, "UpdateConditionNotSatisfied")
        return self._carry_out(table, key, row or {}, request)

    def _carry_out(self, table: str, key: _Key, row: Mapping[str, Any], request: LeanRequest) -> LeanAnswer:
        """Read, replace, merge or delete a row; it exists unless the request may insert it."""
        match request.method:
            case "GET":
                headers = _JSON | {"ETag": row["odata.etag"]}
                return LeanAnswer(HTTPStatus.OK, json.dumps(row).encode(), headers)
            case "PUT":
                return self._put(table, key, json.loads(request.body))
            case "PATCH":
                return self._put(table, key, {**row, **json.loads(request.body)})
            case "DELETE":
                del self._tables[table][key]
                return LeanAnswer(HTTPStatus.NO_CONTENT)
        return LeanAnswer(HTTPStatus.NOT_IMPLEMENTED)

    def _put(self, table: str, key: _Key, values: Mapping[str, Any]) -> LeanAnswer:
        etag = f"W/\"datetime'{next(self._etags)}'\""
        written = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        self._tables[table][key] = {**values, "odata.etag": etag, "Timestamp": written}
        return LeanAnswer(HTTPStatus.NO_CONTENT, headers={"ETag": etag})

    def _batch(self, request: LeanRequest) -> LeanAnswer:
        """Carry out a change set, all or nothing."""
        before = {name: dict(rows) for name, rows in self._tables.items()}
        answers = []
        for index, operation in enumerate(_operations(request)):
            answer = self._operation(operation)
            if answer.status >= HTTPStatus.BAD_REQUEST:
                self._tables = before
                answers = [_error(HTTPStatus(answer.status), answer.headers["x-ms-error-code"], index)]
                break
            answers.append(answer)
        parts = "".join(
            "--changes\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            f"{answer.encode().decode()}\r\n"
            for answer in answers
        )
        head = "--batch\r\nContent-Type: multipart/mixed; boundary=changes\r\n\r\n"
        body = f"{head}{parts}--changes--\r\n--batch--\r\n"
        return LeanAnswer(
            HTTPStatus.ACCEPTED, body.encode(), {"Content-Type": "multipart/mixed; boundary=batch"}
        )


def _operations(batch: LeanRequest) -> list[LeanRequest]:
    """Return the requests of a batch's only change set."""
    outer = _boundary(batch.headers["content-type"])
    change_set = batch.body.decode().split(f"--{outer}")[1]
    parts = change_set.split(f"--{_boundary(change_set)}")[1:-1]
    return [_part(part) for part in parts]


def _boundary(text: str) -> str:
    found = _BOUNDARY.search(text)
    assert found is not None
    return found[1].strip('"')


def _part(part: str) -> LeanRequest:
    _envelope, head, body = part.replace("\r\n", "\n").split("\n\n", 2)
    first, *lines = head.split("\n")
    method, target, _version = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return LeanRequest(method, target, headers, body.strip().encode())


def _error(status: HTTPStatus, code: str, index: int | None = None) -> LeanAnswer:
    text = code if index is None else f"{index}:{code}"
    error = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": text}}}
    return LeanAnswer(status, json.dumps(error).encode(), {**_JSON, "x-ms-error-code": code})
