"""Builds records of a day: lines, calls and notifications about one event."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from sandbox.demo.contoso import CalendarEntry, Missed
from sandbox.demo.day import DemoScene, PlayedScene
from sandbox.demo.journal import Line
from sandbox.demo.texts import Ending
from sandbox.graph import DirectoryUser, Exchange

ADA = DirectoryUser(id="ada-id", name="Ada Lund", address="ada@contoso.com")
EVENT = "event-id"
KEY = (ADA.id, EVENT)
ADDED, ONLINE = ("enabled", "link_added"), ("skipped", "already_online")
COPY, BUSY = ("superseded", "read_since"), ("delayed", "mailbox_busy")


def line(ending: Ending, calls: int = 1, ids: tuple[str, ...] | None = None, **rest: Any) -> Line:
    """Return an `event.decided` line; its calls have request ids unless others are given."""
    outcome, reason = ending
    return {
        "event": "event.decided",
        "level": "info",
        "outcome": outcome,
        "reason": reason,
        "mailbox": ADA.id,
        "event_id": EVENT,
        "graph_calls": calls,
        "graph_request_ids": [f"r{n}" for n in range(calls)] if ids is None else list(ids),
        "again_in_seconds": None,
        "source": "notification",
        **rest,
    }


def task(ending: Ending, *ids: str) -> Line:
    """Return a `task.finished` line with the request ids of its calls."""
    outcome, reason = ending
    return {
        "event": "task.finished",
        "level": "info",
        "outcome": outcome,
        "reason": reason,
        "mailbox": ADA.id,
        "graph_calls": len(ids),
        "graph_request_ids": list(ids),
    }


def subscribed(how: str = "subscription_created", because: str = "new") -> Line:
    """Return a `mailbox.subscribed` line."""
    return {"event": "mailbox.subscribed", "level": "info", "how": how, "because": because}


def swept() -> Line:
    """Return a `mailbox.swept` line."""
    return {"event": "mailbox.swept", "level": "info"}


def counted_as_missed() -> Line:
    """Return an `event.missed` line."""
    return {"event": "event.missed", "level": "info"}


def maintained(**mailboxes: int) -> Line:
    """Return a `maintenance.finished` line."""
    return {"event": "maintenance.finished", "level": "info", "mailboxes": mailboxes, "graph_calls": 0}


def call(
    method: str = "GET",
    status: int = 200,
    request_id: str = "r0",
    *,
    lost: bool = False,
    is_done: bool = False,
    query: str = "",
    path: str = "/",
) -> Exchange:
    """Return a call of Joinlink about the event; `is_done`: it took effect though it failed."""
    answered = _exchange("app", method, status, {"request-id": request_id}, lost=lost)
    answered = replace(answered, url=f"http://graph.test/?{query}", path=path)
    return replace(answered, took_effect=method == "PATCH" and (is_done or status == HTTPStatus.OK))


def post(*etags: str, status: int = 202) -> Exchange:
    """Return a POST of notifications about changes of the event."""
    resource = f"Users/{ADA.id}/Events/{EVENT}"
    items = [{"resource": resource, "resourceData": {"@odata.etag": etag}} for etag in etags]
    return _exchange("graph", "POST", status, {}, body=json.dumps({"value": items}))


def lifecycle_post(event: str) -> Exchange:
    """Return a POST of a lifecycle notification."""
    return _exchange("graph", "POST", 202, {}, body=json.dumps({"value": [{"lifecycleEvent": event}]}))


def played(
    *endings: Ending, link: str | None = None, missed: Missed | None = None, key: str = EVENT
) -> PlayedScene:
    """Return the scene of a meeting of Ada's with what is expected of it."""
    scene = DemoScene(ADA.name, "Review", "a guest", endings, link, missed=missed)
    return PlayedScene(scene, CalendarEntry(ADA, key))


def _exchange(
    by: Any, method: str, status: int, headers: dict[str, str], *, body: str = "", lost: bool = False
) -> Exchange:
    return Exchange(
        by=by,
        method=method,
        path="/",
        url="http://graph.test/",
        request_headers={},
        request_body=body,
        status=status,
        response_headers=headers,
        response_body="",
        mailbox=ADA.id,
        event=EVENT,
        lost=lost,
        started=datetime(2026, 11, 23, 9, tzinfo=UTC),
        took_seconds=0.01,
    )
