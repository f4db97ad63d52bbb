"""The process of the lean stand-in: prints its URL, and serves until its standard input is closed.

`PUT /control` sets how long answers take and how they misbehave; `GET /control` returns the number of calls.
"""

import asyncio
import json
import ssl
import sys
from collections import Counter
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from sandbox.bench.lean import graph
from sandbox.bench.lean.http_server import LeanAnswer, LeanConnection, LeanRequest, Manner
from sandbox.bench.lean.tables import LeanTables

_ACCOUNT = "/devstoreaccount1/"
#: blobs only matter at the start: nothing is found, and everything is accepted; queues take every message
_NO_BLOB = LeanAnswer(HTTPStatus.NOT_FOUND, headers={"x-ms-error-code": "BlobNotFound"})
_QUEUED = LeanAnswer(
    HTTPStatus.CREATED,
    b"<?xml version='1.0' encoding='utf-8'?><QueueMessagesList><QueueMessage><MessageId>lean</MessageId>"
    b"<InsertionTime>Thu, 26 Nov 2026 12:00:00 GMT</InsertionTime>"
    b"<ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime><PopReceipt>lean</PopReceipt>"
    b"<TimeNextVisible>Thu, 26 Nov 2026 12:00:00 GMT</TimeNextVisible></QueueMessage></QueueMessagesList>",
    {"Content-Type": "application/xml"},
)
_BLOB_TAKEN = LeanAnswer(
    HTTPStatus.CREATED, headers={"ETag": '"lean"', "Last-Modified": "Thu, 26 Nov 2026 12:00:00 GMT"}
)


class LeanService:
    """Answers all requests, and counts them by kind.

    `read` and `write` are calls to Graph; the others are `token`, `table` and `queue`.
    """

    def __init__(self) -> None:
        self._tables = LeanTables()
        self._calls: Counter[str] = Counter()
        #: by kind: seconds until the answer, and what is different about it
        self._seconds: dict[str, float] = {}
        self._faults: dict[str, dict[str, Any]] = {}

    def answer(self, request: LeanRequest) -> LeanAnswer:
        """Answer a request."""
        if request.target == "/control":
            return self._control(request)
        kind, plain = self._plain(request)
        if not kind:
            return plain
        self._calls[kind] += 1
        answer = replace(plain, seconds=self._seconds.get(kind, 0.0))
        return _misbehave(answer, self._faults[kind]) if kind in self._faults else answer

    def _plain(self, request: LeanRequest) -> tuple[str, LeanAnswer]:
        """Return the kind of a request and its usual answer; no kind for what is not counted."""
        if request.target.startswith("/msi/token"):
            return "token", graph.token()
        if request.target.startswith("/blob"):
            return "", _BLOB_TAKEN if request.method == "PUT" else _NO_BLOB
        if request.target.startswith("/queue"):
            return "queue", _QUEUED
        if request.target.startswith(_ACCOUNT):
            return "table", self._tables.answer(request)
        return "read" if request.method == "GET" else "write", graph.answer(request)

    def _control(self, request: LeanRequest) -> LeanAnswer:
        if request.method == "PUT":
            told = json.loads(request.body)
            self._seconds, self._faults = told.get("seconds", {}), told.get("faults", {})
            self._calls.clear()
        body = json.dumps(self._calls).encode()
        return LeanAnswer(HTTPStatus.OK, body, {"Content-Type": "application/json"})


def _misbehave(answer: LeanAnswer, fault: dict[str, Any]) -> LeanAnswer:
    """Change an answer: its `manner`, the `seconds` that it takes, or `status`, `headers` and `body`."""
    answer = replace(
        answer,
        manner=Manner(fault.get("manner", Manner.WHOLE)),
        seconds=fault.get("seconds", answer.seconds),
    )
    if "status" not in fault:
        return answer
    return replace(answer, status=fault["status"], headers=fault["headers"], body=fault["body"].encode())


async def _serve(certificate: str) -> None:
    loop, service = asyncio.get_running_loop(), LeanService()
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    server = await loop.create_server(
        lambda: LeanConnection(service.answer), "127.0.0.1", 0, ssl=tls, backlog=256
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:2] or [""]))
