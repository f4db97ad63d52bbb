"""The floor: the bare transport of the calls that a message needs, in a process of its own.

httpx with the options of the product's client carries the calls to Graph and, in the tables' own protocol,
those to storage. Nothing is decided, signed, checked or logged, and no answer is read but as bytes.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import httpx

from sandbox.bench.worker_process import WorkerResult, print_result, run_module
from sandbox.peak_memory import peak
from shared.graph.connection_pool import graph_http
from shared.graph.protocol import event_calls
from shared.graph.protocol.call import API_VERSION, GraphCall

_ACCOUNT, _TABLE = "/devstoreaccount1", "floor"
_MAILBOX = "00000001-0000-4000-8000-000000000001"
_MESSAGES, _WARM_UP, _ROUNDS = 40, 64, 6
_JSON = "application/json;odata=minimalmetadata"
#: as long as a row of `meetings`
_ROW = {
    "PartitionKey": _MAILBOX,
    "v": 1,
    "state": "attempted",
    **dict.fromkeys(
        ("event", "policy_hash", "etag", "lease", "before", "detail", "rule", "provider"), "x" * 24
    ),
    "at": "2026-11-26T12:00:00.000000Z",
    "at@odata.type": "Edm.DateTime",
    "attempts": 0,
    "charged": "[]",
}
_COUNTER = {"PartitionKey": "floor", "RowKey": "hour", "v": 1, "count": 1, "refused": False}

Request = tuple[str, str, Mapping[str, str], bytes | None]


def floor(url: str, *, kind: str, has_limits: bool = False) -> WorkerResult:
    """Return what the calls of a message need: `kind` is `enabled` or `skipped`."""
    job = {"url": url, "kind": kind, "has_limits": has_limits}
    return WorkerResult(**run_module("sandbox.bench.floor", job, {}))


class _Floor:
    """Sends the calls of one kind of message."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self._http = graph_http(job["url"])
        self._numbers = count(1)
        self._kind: str = job["kind"]
        self._has_limits: bool = job["has_limits"]
        self._etag = "*"
        self._http.post(f"{_ACCOUNT}/Tables", json={"TableName": _TABLE})
        for row in ("hour", "day"):
            self._http.put(_row_path("floor", row), json={**_COUNTER, "RowKey": row})

    def run(self) -> WorkerResult:
        """Warm up, then measure."""
        for _ in range(_WARM_UP):
            self._message()
        cpu = min(self._round() for _ in range(_ROUNDS))
        return WorkerResult(_MESSAGES, 0.0, cpu, 0.0, peak())

    def _round(self) -> float:
        began = time.process_time()
        for _ in range(_MESSAGES):
            self._message()
        return time.process_time() - began

    def _message(self) -> None:
        event = f"{self._kind}-{os.getpid()}-{next(self._numbers)}"
        self._graph(event_calls.read_event(_MAILBOX, event))
        self._table("GET", _row_path(_MAILBOX, event), {"Accept": _JSON}, None)
        if self._kind == "skipped":
            return
        self._graph(event_calls.read_event_with_body(_MAILBOX, event))
        self._graph(event_calls.read_calendar_of(_MAILBOX, event))
        if self._has_limits:
            self._table(*self._charge())
        body = json.dumps({**_ROW, "RowKey": event}).encode()
        headers = {"Content-Type": _JSON, "Prefer": "return-no-content"}
        etag = self._table("POST", f"{_ACCOUNT}/{_TABLE}", headers, body).headers["etag"]
        self._graph(
            event_calls.enable_online_meeting(
                _MAILBOX, event, etag='W/"bGVhbg=="', provider="teamsForBusiness"
            )
        )
        self._table("PUT", _row_path(_MAILBOX, event), {"Content-Type": _JSON, "If-Match": etag}, body)

    def _graph(self, call: GraphCall) -> None:
        headers = {**call.headers, "Authorization": "Bearer lean"}
        self._http.request(
            call.method, API_VERSION + call.path, params=dict(call.params), headers=headers, json=call.json
        )

    def _table(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> httpx.Response:
        common = {
            "Authorization": "SharedKey lean",
            "x-ms-version": "2019-02-02",
            "DataServiceVersion": "3.0",
        }
        answer = self._http.request(method, path, headers={**common, **headers}, content=body)
        assert answer.status_code in {200, 202, 204, 404}, answer.text
        return answer

    def _charge(self) -> Request:
        """Return the transaction that counts a write in two windows."""
        parts = "".join(_operations())
        body = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{parts}--c--\r\n\r\n--b--\r\n"
        return "POST", f"{_ACCOUNT}/$batch", {"Content-Type": "multipart/mixed; boundary=b"}, body.encode()


def _operations() -> Iterator[str]:
    for row in ("hour", "day"):
        yield (
            "--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            f"PUT {_row_path('floor', row)} HTTP/1.1\r\nIf-Match: *\r\n\r\n"
            f"{json.dumps({**_COUNTER, 'RowKey': row})}\r\n"
        )


def _row_path(partition: str, row: str) -> str:
    return f"{_ACCOUNT}/{_TABLE}(PartitionKey='{partition}',RowKey='{row}')"


if __name__ == "__main__":
    print_result(_Floor(json.loads(sys.argv[1])).run)
