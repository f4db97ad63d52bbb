"""The stage: the real function app between Azurite and the stand-in Graph, with a clock that can be moved.

The demo, the benchmarks and the story tests use it. It builds the app with settings and a time of its own.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import httpx

from function_app import build_app
from sandbox.azurite import Azurite
from sandbox.clock import SharedClock
from sandbox.graph import DirectoryUser, Reply, StandIn
from sandbox.graph.webhook_client import post_over_http
from sandbox.host import Host, HostProcess
from sandbox.host.host import STEPWISE_URL
from sandbox.serve import serve
from shared import wiring
from shared.auth.token_source import TokenSource
from shared.graph.protocol.client_state import client_state
from shared.settings import StorageSettings
from shared.storage.meetings import MEETINGS
from shared.storage.memory_marker import MemoryMarker
from shared.storage.tables import Table
from shared.worker.common.world import World

TENANT = "c0ffee00-0000-4000-8000-000000000001"
CLIENT_STATE_KEY = "the-client-state-key-of-the-sandbox"
MONDAY_MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
_GRAPH = "https://graph.microsoft.com"
_THIS_MACHINE = "http://127.0.0.1:"
_NOTIFICATION_URL = "JOINLINK_NOTIFICATION_URL"


class StageClock:
    """The stage's time, with Azurite's.

    It moves only by `advance`, unless it `ticks`. Azurite's clock starts with it and always ticks. So it is
    ahead of a clock that does not tick by the real time that has passed.

    Attributes:
        shared: the same time for other processes, for example a `HostProcess`.
    """

    def __init__(self, azurite: Azurite, start: datetime = MONDAY_MORNING, *, ticks: bool = False) -> None:
        self._azurite = azurite
        self.shared = SharedClock.create(start, ticks=ticks)
        azurite.set_clock(start)

    def now(self) -> datetime:
        """Return the aware UTC time."""
        return self.shared.now()

    def seconds(self) -> float:
        """Return the time as a number of seconds; differences of it are durations."""
        return self.now().timestamp()

    def advance(self, by: timedelta) -> None:
        """Move ahead, and Azurite's clock too."""
        self.shared.advance(by)
        self._azurite.advance(by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The parts of a stage."""

    clock: StageClock
    graph: StandIn
    graph_url: str
    host: Host
    settings: Mapping[str, str]
    #: builds the app again with these settings, as a new process does
    build: Callable[[Mapping[str, str]], object]

    def restart(self, changes: Mapping[str, str]) -> None:
        """Stop the app and start it with some settings changed; only its storage is kept."""
        wiring.joinlink().close()
        self.build({**self.settings, **changes})

    def host_process(
        self, log: Path, changes: Mapping[str, str] | None = None, **options: Any
    ) -> HostProcess:
        """Return a host of the product in a separate process, not yet started, with some settings changed.

        It uses the same storage, Graph and clock; `log` and `options` are those of `HostProcess`. A live
        stage also has its own host.
        """
        identity = {name: os.environ[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")}
        settings = {name: value for name, value in self.settings.items() if name != _NOTIFICATION_URL}
        settings |= {**identity, **(changes or {})}
        return HostProcess("sandbox.apps:joinlink", settings, self.clock.shared, log=log, **options)

    def watch(self, user: DirectoryUser, change_type: str = "created,updated", url: str = "") -> str:
        """Subscribe to a user's events as the app does, or as another deployment of it; return the id.

        Graph lists the subscriptions of all deployments of an app registration to each of them.
        """
        url = url or self.host.address("notifications")
        token = TokenSource.managed_identity().token(_GRAPH).value
        answer = httpx.post(
            f"{self.graph_url}/v1.0/subscriptions",
            headers={"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId"'},
            json={
                "changeType": change_type,
                "resource": f"users/{user.id}/events",
                "notificationUrl": url,
                "lifecycleNotificationUrl": url,
                "expirationDateTime": (self.clock.now() + timedelta(days=6)).isoformat(),
                "clientState": client_state(CLIENT_STATE_KEY, user.id),
            },
            trust_env=False,
        )
        answer.raise_for_status()
        return str(answer.json()["id"])


@contextmanager
def stage(
    azurite: Azurite,
    rules: Path,
    settings: Mapping[str, str] | None = None,
    *,
    live: bool = False,
    ticks: bool = False,
    start: datetime = MONDAY_MORNING,
    seed: int = 7,
    with_memory: bool = True,
) -> Iterator[Stage]:
    """Set up a stage with the rule files of a folder; `settings` are further settings of the app.

    If `live`, the host runs by itself and Graph reaches it over the network; otherwise functions run only
    when they are called, in the caller's thread. The clock begins at `start`, and runs if it `ticks`. The
    stage has a storage account of its own, and leaves it at the end. `with_memory`: the first run of the
    app, which creates its memory of writes, is done.
    """
    azurite.take_account()
    clock = StageClock(azurite, start, ticks=ticks)
    poster = _Post()
    graph = StandIn(
        now=clock.now,
        tenant_id=TENANT,
        seed=seed,
        post=post_over_http if live else poster.send,
        stopwatch=time.monotonic if live else clock.seconds,
    )
    with ExitStack() as stack:
        stack.callback(azurite.leave_account)
        stack.callback(clock.shared.remove)
        graph_url = stack.enter_context(serve(graph))
        environ = {
            "AzureWebJobsStorage": azurite.connection_string,
            "JOINLINK_TENANT_ID": TENANT,
            "JOINLINK_GRAPH_URL": graph_url,
            "JOINLINK_CLIENT_STATE_KEY": CLIENT_STATE_KEY,
            "JOINLINK_RULES": str(rules),
            "PYTHON_THREADPOOL_THREAD_COUNT": "32",
            **(settings or {}),
        }
        # MSAL reads the managed identity's endpoint from the process's environment.
        identity = {"IDENTITY_ENDPOINT": f"{graph_url}/msi/token", "IDENTITY_HEADER": "sandbox"}
        stack.enter_context(mock.patch.dict(os.environ, identity))
        stack.callback(lambda: wiring.joinlink().close())
        host = stack.enter_context(Host(build_app(), environ))
        host.create_queues()
        poster.host = host
        if live:
            stack.enter_context(host.live())
        environ.setdefault(_NOTIFICATION_URL, host.address("notifications"))
        transport = None if live else httpx.WSGITransport(app=host.wsgi)
        world = _world(clock, seed)

        def build(environ: Mapping[str, str]) -> object:
            return wiring.start(wiring.Parts(environ, world, transport))

        if with_memory:
            _create_memory(azurite, clock)
        build(environ)
        yield Stage(clock=clock, graph=graph, graph_url=graph_url, host=host, settings=environ, build=build)


class _Post:
    """Sends Graph's POSTs: over the network to host processes, else to the host in this process.

    Other addresses are other deployments of the same app registration, which accept everything.
    """

    host: Host

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if url.startswith(_THIS_MACHINE):
            return post_over_http(url, body, headers)
        if not url.startswith(STEPWISE_URL):
            return _accept_elsewhere(url)
        with self.host.client() as client:
            answer = client.post(url, content=body, headers=dict(headers))
        return Reply(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)


def _accept_elsewhere(url: str) -> Reply:
    """Answer as another deployment of the app registration does."""
    tokens = parse_qs(urlsplit(url).query).get("validationToken")
    return Reply(200, body=tokens[0].encode()) if tokens else Reply(202)


def _create_memory(azurite: Azurite, clock: StageClock) -> None:
    storage = StorageSettings(connection_string=azurite.connection_string)
    with closing(Table.connect(MEETINGS, storage, None)) as table:
        MemoryMarker(table).set(clock.now(), why="fresh")


def _world(clock: StageClock, seed: int) -> World:
    random_numbers, traces = random.Random(seed), count(1)  # noqa: S311 -- repeatable, not for secrets
    return World(now=clock.now, uniform=random_numbers.uniform, new_id=lambda: f"trace-{next(traces)}")
