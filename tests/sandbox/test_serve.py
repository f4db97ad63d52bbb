import gc
import socket
import threading
import warnings
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from werkzeug import Request, Response

from sandbox.graph import StandIn
from sandbox.serve import serve
from tests.sandbox.graph.world import Clock


@Request.application
def echo(request: Request) -> Response:
    """Answer a validation request, or return the length of the body."""
    token = request.args.get("validationToken")
    return Response(token or str(len(request.get_data())), content_type="text/plain")


def test_an_app_is_served_until_the_block_ends() -> None:
    """On a free port, which is closed afterwards."""
    with serve(echo) as base:
        assert httpx.post(base, content=b"four").text == "4"
    with pytest.raises(httpx.ConnectError):
        httpx.get(base)


def test_the_end_of_the_block_closes_everything() -> None:
    """No thread, socket or warning remains, even if a client keeps its connection open."""
    before = set(threading.enumerate())  # threads of other tests may end meanwhile
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        with serve(echo, backlog=512) as base:
            idle = socket.create_connection(("127.0.0.1", urlsplit(base).port or 0))
            assert httpx.get(base).status_code == 200
        idle.close()
        gc.collect()

    assert set(threading.enumerate()) <= before


def test_the_simulated_graph_validates_and_notifies_over_http() -> None:
    """From the subscription to the POST. Notifications are sent in the background."""
    received = threading.Event()
    tokens: list[str] = []

    @Request.application
    def receiver(request: Request) -> Response:
        if "validationToken" in request.args:
            tokens.append(parse_qs(urlsplit(request.url).query)["validationToken"][0])
            return Response(tokens[-1], content_type="text/plain")
        received.set()
        return Response(status=202)

    graph = StandIn(now=Clock(), tenant_id="6f1c1d0e-1111-4222-8333-444455556666")
    ada = graph.add_user("Ada Lovelace", "ada@contoso.com")
    with serve(graph) as base, serve(receiver) as inbox, httpx.Client(headers=graph.as_user(ada)) as client:
        body = {
            "changeType": "created",
            "resource": f"users/{ada.id}/events",
            "notificationUrl": f"{inbox}/hook?code=k",
            "lifecycleNotificationUrl": f"{inbox}/hook?code=k",
            "expirationDateTime": "2026-11-24T09:00:00Z",
        }
        assert client.post(f"{base}/v1.0/subscriptions", json=body).status_code == 201
        graph.people.create(
            ada.id,
            subject="Review",
            start={"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"},
            end={"dateTime": "2026-11-24T11:00:00", "timeZone": "UTC"},
        )
        graph.start_delivery()
        assert received.wait(timeout=60)
        graph.stop_delivery()

    assert len(tokens) == 2
