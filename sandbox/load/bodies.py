"""The bodies that are posted to the webhook. Each event id is used once, so that it can be found again."""

import json
from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple

from sandbox.graph.ids import Ids
from sandbox.stage import CLIENT_STATE_KEY, TENANT
from shared.graph.protocol.client_state import client_state
from shared.graph.protocol.notifications import MAX_BODY_BYTES, MAX_ITEMS

_ADA = "aaaaaaaa-0000-4000-8000-000000000001"
_STATE = client_state(CLIENT_STATE_KEY, _ADA)


class Posted(NamedTuple):
    """A body, and the ids of the events in it."""

    body: bytes
    events: tuple[str, ...]


class Bodies:
    """Creates bodies; safe to share between threads, since `next` of a counter is one step."""

    def __init__(self) -> None:
        #: what an event id of Graph begins with; the number of the event replaces its end
        self._start = Ids(seed=1).immutable()[:-12]
        self._numbers = count()

    def of(self, items: int) -> Posted:
        """Return a body of this many notifications, as Graph sends them."""
        events = self._events(items)
        return _posted([_as_graph_sends(event) for event in events], events)

    def most_items(self) -> Posted:
        """Return a body with as many notifications as the webhook accepts, each as short as possible."""
        events = tuple(f"{next(self._numbers):x}" for _ in range(MAX_ITEMS))
        return _posted([_shortest(event) for event in events], events)

    def most_bytes(self) -> Posted:
        """Return a body of the largest size that is accepted, in notifications as Graph sends them."""
        [one] = self._events(1)
        items = MAX_BODY_BYTES // (len(json.dumps(_as_graph_sends(one))) + 2)
        full = self.of(items)
        return Posted(full.body.ljust(MAX_BODY_BYTES), full.events)

    def too_many_bytes(self) -> Posted:
        """Return a body of one byte more."""
        full = self.most_bytes()
        return Posted(full.body + b" ", full.events)

    def too_many_items(self) -> Posted:
        """Return a body of one notification more than the webhook accepts."""
        full = self.most_items()
        return _posted([{}] + json.loads(full.body)["value"], full.events)

    def _events(self, items: int) -> tuple[str, ...]:
        return tuple(f"{self._start}{next(self._numbers):012d}" for _ in range(items))


def _posted(items: Sequence[Any], events: tuple[str, ...]) -> Posted:
    return Posted(json.dumps({"value": items}, separators=(",", ":")).encode(), events)


def _as_graph_sends(event: str) -> dict[str, Any]:
    resource = f"Users/{_ADA}/Events/{event}"
    return {
        "subscriptionId": "22222222-2222-4222-8222-222222222222",
        "subscriptionExpirationDateTime": "2026-11-28T09:00:00.0000000Z",
        "changeType": "updated",
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": resource,
            "@odata.etag": 'W/"DwAAABYAAABe8mYIYxYeSKyxQxRGtPUGAAAAAAA0"',
            "id": event,
        },
        "clientState": _STATE,
        "tenantId": TENANT,
    }


def _shortest(event: str) -> dict[str, Any]:
    return {
        "clientState": _STATE,
        "tenantId": TENANT,
        "changeType": "updated",
        "resourceData": {"id": event},
    }
