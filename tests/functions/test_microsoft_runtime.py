"""The whole app under Microsoft's own runtime library, the code that runs Python functions in Azure.

Our local host only imitates indexing, binding metadata, the decoding of triggers and the encoding of answers.
The library keeps its state in the process and imports the app by name, so these tests start it once.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import azure_functions_runtime as runtime
import httpx
import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from sandbox.azurite import Azurite
from sandbox.stage import Stage, stage
from tests.functions.microsoft_runtime import Worker
from tests.notifications import notification

ROOT = Path(__file__).parents[2]
RULES = "version: 1\nrules: [{id: all, mode: enforce, when: {attendees: {at_least: 1}}}]"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """The library, started once with its thread pool."""
    runtime.start_threadpool_executor()
    started = Worker()
    started.start(str(ROOT))
    yield started
    runtime.stop_threadpool_executor()


@pytest.fixture
def contoso(azurite: Azurite, tmp_path: Path) -> Iterator[Stage]:
    """Storage and Graph for the app; the local host gets no messages."""
    (tmp_path / "rules.yaml").write_text(RULES)
    with stage(azurite, tmp_path) as everything:
        yield everything


def test_microsofts_runtime_finds_our_functions(worker: Worker) -> None:
    """With the names, routes, queues and keys that Graph and the infrastructure use."""
    [http, _answer] = sorted(worker.bindings["notifications"], key=lambda b: str(b["type"]), reverse=True)
    [queue] = worker.bindings["event_changes"]

    assert (http["route"], http["authLevel"], http["methods"]) == ("notifications", "FUNCTION", ["POST"])
    assert (queue["queueName"], queue["connection"]) == ("event-changes", "AzureWebJobsStorage")


def test_a_notification_becomes_a_join_link_under_microsofts_runtime(worker: Worker, contoso: Stage) -> None:
    """Handshake, notification, queue message and PATCH run in the code that runs in Azure."""
    assert worker.post(validationToken="a token")["body"].value == b"a token"

    ada = contoso.graph.add_user("Ada", "ada@contoso.com")
    event = contoso.graph.people.create(
        ada.id,
        subject="Review",
        start={"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"},
        end={"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"},
        attendees=[{"type": "required", "emailAddress": {"address": "bo@fabrikam.com"}}],
    )
    item = notification(ada.id, event, changeType="created")
    assert worker.post(json.dumps({"value": [item]}).encode())["status_code"].value == "202"

    contoso.clock.advance(timedelta(seconds=20))
    with QueueClient.from_connection_string(
        contoso.settings["AzureWebJobsStorage"],
        "event-changes",
        message_decode_policy=TextBase64DecodePolicy(),
    ) as queue:
        [message] = queue.receive_messages()
    worker.change(message.content, message.id, str(message.pop_receipt))

    read = httpx.get(
        f"{contoso.graph_url}/v1.0/users/{ada.id}/events/{event}", headers=contoso.graph.as_user(ada)
    ).json()
    assert read["isOnlineMeeting"]
    assert read["onlineMeeting"]["joinUrl"]
