"""A worker in a process of its own, and a guillotine that kills it at any of its words to the world outside."""

import os
import random
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from multiprocessing import get_context
from multiprocessing.connection import Connection
from signal import SIGKILL
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self
from unittest.mock import patch

import httpx
from werkzeug.exceptions import BadGateway, ServiceUnavailable
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.test import run_wsgi_app

from cli import desk
from cli.app import main
from function_app import build_app
from sandbox.azurite import ACCOUNT
from sandbox.host import Host
from sandbox.serve import serve
from sandbox.stage import Stage
from shared import wiring
from shared.storage.tables import Table
from shared.worker.common.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Every worker is a fork of a process that has imported all this, so fifty of them are there in seconds.
_PRELOADED = (
    "azure.data.tables",
    "azure.storage.blob",
    "msal",
    "shared.graph.client",
    "shared.storage.last_good_rules",
    "shared.storage.rule_source",
    "shared.worker.mailboxes.messages",
    "shared.worker.events.messages",
    "shared.worker.mailboxes.maintenance",
    "shared.worker.mailboxes.subscriptions",
    "shared.worker.mailboxes.sweep",
    __name__,
)
_ENDPOINT = re.compile(r"(\w+Endpoint)=(http://[^/]+)/")
_ANY_ROUND_SECONDS = 30


class MortalWorker:
    """The app as its own process: it does what it is told, at the time that it is told, until it is killed."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload(list(_PRELOADED))
        self._orders, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, dict(settings)), daemon=True)
        self.process.start()
        theirs.close()

    def run_timer(self, now: datetime) -> bool:
        """Run maintenance; False if the worker was killed over it."""
        return self._do("maintenance", now)

    def backfill(self, now: datetime) -> bool:
        """Run the admin's `joinlink backfill --all`; False if the process was killed over it."""
        return self._do("backfill", now)

    def drain(self, now: datetime) -> bool:
        """Work on all messages that are visible; False if the worker was killed over it."""
        return self._do("drain", now)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.join()
        self.process.close()
        self._orders.close()

    def _do(self, order: str, now: datetime) -> bool:
        try:
            self._orders.send((order, now))
            assert self._orders.poll(_ANY_ROUND_SECONDS), "the worker neither answers nor dies"
            failures = self._orders.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            assert self.process.exitcode == -SIGKILL, "the worker died by itself"
            return False
        assert failures == []
        return True


def _work(orders: Connection, settings: dict[str, str]) -> None:
    """Be the worker: the host and the app of the stage, with a clock that each order sets."""
    os.environ.update({name: settings[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")})
    told: list[datetime] = []
    world = World(now=lambda: told[-1], uniform=random.Random(7).uniform)  # noqa: S311 -- repeatable chance
    with Host(build_app(), settings) as host:
        wiring.start(wiring.Parts(settings, world, httpx.WSGITransport(app=host.wsgi)))
        while True:
            order, now = orders.recv()
            told.append(now)
            match order:
                case "drain":
                    host.drain()
                case "backfill":
                    _backfill(settings, world)
                case timer:
                    host.run_timer(timer)
            orders.send([f"{failure.function}: {failure.error!r}" for failure in host.failures])


def _backfill(settings: Mapping[str, str], world: World) -> None:
    """Be the admin's desk for once, at the time that was told."""
    words = ["joinlink", "backfill", "--all", "--yes"]
    with (
        patch.dict(os.environ, settings),
        patch.object(desk, "World", lambda: world),
        patch.object(sys, "argv", words),
        # The storage's clock goes on while the story's stands still.
        patch.object(Table, "now", lambda _table: world.now()),
        redirect_stdout(StringIO()),
        redirect_stderr(StringIO()) as complaints,
    ):
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                raise RuntimeError(complaints.getvalue()) from ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """When the blade falls: so many requests after the first of `method` in whose path `path` is found.

    `is_heard` tells whether the fatal request takes effect; it is never answered.
    """

    method: str = "*"
    path: str = ""
    further: int = 0
    is_heard: bool = True


class Guillotine:
    """Stands between a worker and all that it speaks to, and kills it (SIGKILL) where it is aimed at."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._victim: MortalWorker | None = None
        self._aim = Aim()
        self._left: int | None = None
        self._has_fallen = False
        #: the request that each victim died over
        self.last_words: list[str] = []

    def aim(self, victim: MortalWorker, aim: Aim) -> None:
        """Stand before a worker."""
        with self._lock:
            self._victim, self._aim, self._left = victim, aim, None

    def lift(self) -> None:
        """Let everything through again, for the next worker."""
        with self._lock:
            self._victim, self._has_fallen = None, False

    def over(self, app: "WSGIApplication") -> "WSGIApplication":
        """Return an app as it is reached below the guillotine."""

        def below(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            with self._lock:
                victim = self._victim
                falls_now = victim is not None and not self._has_fallen and self._falls(environ)
                is_late = self._has_fallen
                self._has_fallen = self._has_fallen or falls_now
            if victim is None or not (falls_now or is_late):
                return app(environ, start_response)
            if falls_now:
                if self._aim.is_heard:
                    run_wsgi_app(app, environ, buffered=True)
                victim.process.kill()
                self.last_words.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            # Whatever other threads of the victim say now is not heard: it is dead.
            return ServiceUnavailable()(environ, start_response)

        return below

    def _falls(self, environ: "WSGIEnvironment") -> bool:
        """Count a request; tell whether it is the fatal one."""
        if self._left is None:
            is_method = self._aim.method in {"*", environ["REQUEST_METHOD"]}
            if not is_method or not re.search(self._aim.path, environ["PATH_INFO"]):
                return False
            self._left = self._aim.further
        self._left -= 1
        return self._left < 0


@contextmanager
def below(guillotine: Guillotine, stage: Stage) -> Iterator[Mapping[str, str]]:
    """Yield the settings of a worker that reaches Graph and the storage of a stage by the guillotine alone."""
    with ExitStack() as stack:

        def by_guillotine(match: re.Match[str]) -> str:
            storage = ProxyMiddleware(BadGateway(), {f"/{ACCOUNT}": {"target": match[2], "host": None}})
            return f"{match[1]}={stack.enter_context(serve(guillotine.over(storage)))}/"

        graph_url = stack.enter_context(serve(guillotine.over(stage.graph)))
        yield {
            **stage.settings,
            "AzureWebJobsStorage": _ENDPOINT.sub(by_guillotine, stage.settings["AzureWebJobsStorage"]),
            "JOINLINK_GRAPH_URL": graph_url,
            "IDENTITY_ENDPOINT": f"{graph_url}/msi/token",
            "IDENTITY_HEADER": "sandbox",
        }
