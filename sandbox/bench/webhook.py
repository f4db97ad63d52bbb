"""The webhook on Azurite: warm, and while storage has problems."""

import statistics
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from time import perf_counter

from sandbox.azurite import Azurite
from sandbox.bench import trouble
from sandbox.bench.figure_table import FigureTable
from sandbox.bench.timing import seconds
from sandbox.stage import CLIENT_STATE_KEY, TENANT, Stage
from shared.domain.messages import EVENT_CHANGES
from shared.graph.protocol.client_state import client_state
from shared.settings import StorageSettings
from shared.storage.queues import MessageQueue

_ADA = "aaaaaaaa-0000-4000-8000-000000000001"
_POSTS = 200


def webhook(everything: Stage) -> FigureTable:
    """Measure the warm webhook, compared with one queue send. Budget: a POST of one within three sends."""
    storage = StorageSettings(connection_string=everything.settings["AzureWebJobsStorage"])
    queue = MessageQueue.connect(EVENT_CHANGES, storage, None)
    table = FigureTable("The webhook, warm, on Azurite", ("what", "milliseconds", "x one send", "goal"))
    with everything.host.client() as client:

        def post(items: int) -> None:
            answer = client.post("/api/notifications", json=notifications(items))
            assert answer.status_code == HTTPStatus.ACCEPTED, answer

        send = _median(lambda: queue.send("x" * 300))
        for what, took, goal in (
            ("one queue send", send, ""),
            ("POST of one item", _median(lambda: post(1)), "3 sends"),
            ("POST of 20 items", seconds(lambda: post(20)), ""),
            ("POST of 100 items", seconds(lambda: post(100)), "1,000 ms"),
        ):
            table.add_row(what, f"{took * 1000:.1f}", f"{took / send:.1f}", goal)
    queue.close()
    return table


def webhook_in_trouble(storage: Azurite, folder: Path) -> FigureTable:
    """Measure the webhook while storage is slow or does not answer. Budget: 3 s, and 202 at 250 ms a send."""
    title = "The webhook while storage has problems, 40 threads"
    columns = ("storage", "POSTs of changes", "answers", "last, seconds", "handshake, seconds")
    table = FigureTable(title, columns)
    for row in trouble.rows(storage, folder, notifications):
        table.add_row(*row)
    return table


def notifications(count: int) -> dict[str, object]:
    """Return the body of a POST with as many items."""
    state = client_state(CLIENT_STATE_KEY, _ADA)
    return {
        "value": [
            {
                "subscriptionId": _ADA,
                "subscriptionExpirationDateTime": "2026-11-28T09:00:00Z",
                "clientState": state,
                "tenantId": TENANT,
                "changeType": "updated",
                "resource": f"Users/{_ADA}/Events/event-{number}",
            }
            for number in range(count)
        ]
    }


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_timed(work) for _ in range(_POSTS))


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
