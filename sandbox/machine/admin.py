"""What an admin does besides changing rules: replaces keys and releases held events. And a stranger."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import count
from urllib.parse import parse_qs, urlsplit

from sandbox.machine.app import MemoryJoinlink, MemoryParts
from sandbox.machine.services import Account, Connection
from sandbox.machine.worker import SETTINGS, TENANT, URL
from sandbox.serve import InProcess
from shared.desk.held_events import HeldEvents
from shared.errors import StateChanged
from shared.graph.protocol.client_state import client_state
from shared.storage.held_event_index import HeldEvent
from shared.worker.common.world import World

_KEY = "the-client-state-key-of-the-machine"


class Admin:
    """The keys of the app, and a desk. `settings` are those of a process that starts now."""

    def __init__(self, account: Account, graph: InProcess, now: Callable[[], datetime]) -> None:
        # The desk's calls do not fail: the faults are those of the app's processes.
        self._account = replace(account, table_faults=[], queue_faults=[])
        self._graph = graph
        self._now = now
        self._keys = [_KEY]
        self._function_keys = 1
        self._ids = count(1)

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of the app; the key before the current one is accepted, too."""
        previous = self._keys[-2] if len(self._keys) > 1 else ""
        return {
            **SETTINGS,
            "JOINLINK_CLIENT_STATE_KEY": self._keys[-1],
            "JOINLINK_CLIENT_STATE_KEY_PREVIOUS": previous,
            "JOINLINK_NOTIFICATION_URL": f"{URL}-{self._function_keys}",
        }

    def replace_state_key(self) -> None:
        """Replace the key of clientState. The app takes it when its processes restart."""
        self._keys.append(f"{_KEY}-{len(self._keys)}")

    def replace_function_key(self) -> None:
        """Replace the function key: the host refuses the old one at once."""
        self._function_keys += 1

    def is_refused(self, url: str) -> bool:
        """Return whether the host refuses a POST to this address."""
        return parse_qs(urlsplit(url).query)["code"] != [f"function-key-{self._function_keys}"]

    def forged(self, mailbox: str, event: str) -> bytes:
        """Return a notification under a key that was replaced twice, or that was never one."""
        key = self._keys[-3] if len(self._keys) > 2 else "a-key-that-the-app-never-had-at-all"  # noqa: PLR2004 -- two are accepted
        item = {
            "clientState": client_state(key, mailbox),
            "tenantId": TENANT,
            "changeType": "updated",
            "resource": f"Users/{mailbox}/Events/{event}",
        }
        return json.dumps({"value": [item]}).encode()

    def release_held(self) -> list[str]:
        """Allow one more write to every held event; return their ids."""
        with self._desk() as held:
            events = held.all()
            return [event.event for event in events if self._release(held, event)]

    def _release(self, held: HeldEvents, event: HeldEvent) -> bool:
        """Release an event, unless a worker changed its row meanwhile."""
        try:
            held.release(event)
        except StateChanged:
            return False
        return True

    @contextmanager
    def _desk(self) -> Iterator[HeldEvents]:
        connection = Connection(self._account, lambda: None, lambda _: None, lambda _: None)
        world = World(now=self._now, uniform=lambda low, _: low, new_id=lambda: f"desk-{next(self._ids)}")
        app = MemoryJoinlink(MemoryParts(self.settings, world, connection, self._graph, lambda: ""))
        storage = app.parts.storage
        try:
            yield HeldEvents(
                world=world,
                index=storage.held_events,
                meetings=storage.meetings,
                queue=storage.event_changes,
            )
        finally:
            app.close()
