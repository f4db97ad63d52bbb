"""The whole app under Microsoft's own runtime library, the code that runs Python functions in Azure.

It proves what our local host can only imitate: indexing, binding metadata, decoding of triggers, encoding of
answers. The library keeps its state in the process and imports the app by name, so it is started once here.
"""

import asyncio
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime
import httpx
import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native

from sandbox.azurite import Azurite
from sandbox.stage import CLIENT_STATE_KEY, TENANT, Stage, stage
from shared.graph.protocol.client_state import client_state

ROOT = Path(__file__).parents[2]
RULES = "version: 1\nrules: [{id: all, mode: enforce, when: {attendees: {at_least: 1}}}]"


class _Protos:
    """Stands in for the classes generated from the host's protocol: bags of attributes will do."""

    BindingInfo = type("BindingInfo", (SimpleNamespace,), {"in": 0, "out": 1, "inout": 2, "undefined": 3})
    StatusResult = type("StatusResult", (SimpleNamespace,), {"Failure": 0, "Success": 1})

    def __getattr__(self, name: str) -> type[SimpleNamespace]:
        return type(name, (SimpleNamespace,), {})


@dataclass
class Worker:
    """Microsoft's runtime with our app in it; `functions` are ids by name."""

    functions: dict[str, str] = field(default_factory=dict)
    bindings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def start(self) -> None:
        """Index the app as the host makes the worker do."""
        request = SimpleNamespace(
            properties={"host": "127.0.0.1", "protos": _Protos()},
            request=SimpleNamespace(
                worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=str(ROOT))
            ),
        )
        answer = asyncio.run(runtime.worker_init_request(request))
        assert answer.result.status == 1, answer.result.exception.message
        for found in asyncio.run(runtime.functions_metadata_request(request)).function_metadata_results:
            self.functions[found.name] = found.function_id
            self.bindings[found.name] = [json.loads(raw) for raw in found.raw_bindings]

    def invoke(self, name: str, argument: str, data: Datum, **metadata: Datum) -> Any:
        """Run a function as the host asks for it; return what it answers, or raise what it raised."""
        ok, answer, _outputs, error, trace = asyncio.run(
            invocation_request_native(str(uuid.uuid4()), self.functions[name], [(argument, data)], metadata)
        )
        assert ok, f"{error}\n{trace}"
        return answer

    def post(self, body: bytes = b"", **query: str) -> Any:
        """Have the host hand a POST to the webhook; return the HTTP answer's parts."""
        request = {
            "method": Datum("POST", "string"),
            "url": Datum("https://joinlink.example/api/notifications", "string"),
            "headers": {"content-type": Datum("application/json", "string")},
            "params": {},
            "query": {name: Datum(value, "string") for name, value in query.items()},
            "body": Datum(body, "bytes"),
        }
        return self.invoke("notifications", "req", Datum(request, "http")).value


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """Start the library once, with its thread pool."""
    runtime.start_threadpool_executor()
    started = Worker()
    started.start()
    yield started
    runtime.stop_threadpool_executor()


@pytest.fixture
def contoso(azurite: Azurite, tmp_path: Path) -> Iterator[Stage]:
    """Storage and Graph around the app; the local host stands idle."""
    (tmp_path / "rules.yaml").write_text(RULES)
    with stage(azurite, tmp_path) as everything:
        yield everything


def test_microsofts_runtime_finds_our_functions(worker: Worker) -> None:
    """Names, routes, queues and keys are as Graph and the infrastructure need them."""
    [http, _answer] = sorted(worker.bindings["notifications"], key=lambda b: str(b["type"]), reverse=True)
    [queue] = worker.bindings["event_changes"]

    assert (http["route"], http["authLevel"], http["methods"]) == ("notifications", "FUNCTION", ["POST"])
    assert (queue["queueName"], queue["connection"]) == ("event-changes", "AzureWebJobsStorage")


def test_a_notification_becomes_a_join_link_under_microsofts_runtime(worker: Worker, contoso: Stage) -> None:
    """Handshake, notification, queue message, PATCH: the whole way in the cloud's own code."""
    assert worker.post(validationToken="a token")["body"].value == b"a token"

    ada = contoso.graph.add_user("Ada", "ada@contoso.com")
    event = contoso.graph.people.create(
        ada.id,
        subject="Review",
        start={"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"},
        end={"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"},
        attendees=[{"type": "required", "emailAddress": {"address": "bo@fabrikam.com"}}],
    )
    item = {
        "subscriptionId": str(uuid.uuid4()),
        "subscriptionExpirationDateTime": "2026-11-28T09:00:00Z",
        "clientState": client_state(CLIENT_STATE_KEY, ada.id),
        "tenantId": TENANT,
        "changeType": "created",
        "resource": f"Users/{ada.id}/Events/{event}",
    }
    assert worker.post(json.dumps({"value": [item]}).encode())["status_code"].value == "202"

    contoso.clock.advance(timedelta(seconds=20))
    with QueueClient.from_connection_string(
        contoso.settings["AzureWebJobsStorage"],
        "event-changes",
        message_decode_policy=TextBase64DecodePolicy(),
    ) as queue:
        [message] = queue.receive_messages()
    worker.invoke(
        "event_changes",
        "message",
        Datum(message.content, "string"),
        Id=Datum(message.id, "string"),
        DequeueCount=Datum("1", "json"),
        PopReceipt=Datum(message.pop_receipt, "string"),
    )

    read = httpx.get(
        f"{contoso.graph_url}/v1.0/users/{ada.id}/events/{event}", headers=contoso.graph.as_user(ada)
    ).json()
    assert read["isOnlineMeeting"]
    assert read["onlineMeeting"]["joinUrl"]
