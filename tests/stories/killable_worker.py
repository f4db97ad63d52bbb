"""A worker in its own process, and a switch that kills it (SIGKILL) at a chosen request."""

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
from sandbox.apps import MODULES
from sandbox.host import Host
from sandbox.serve import serve
from sandbox.stage import Stage
from shared import wiring
from shared.storage.tables import Table
from shared.worker.common.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ENDPOINT = re.compile(r"(\w+Endpoint)=(http://[^/]+)(/\w+)")
_TIMEOUT_SECONDS = 30


class KillableWorker:
    """The app in its own process: it runs one command after another, at given times, until it is killed."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload([*MODULES, __name__])
        self._commands, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, dict(settings)), daemon=True)
        self.process.start()
        theirs.close()

    def run_timer(self, now: datetime) -> bool:
        """Run maintenance; return False if the worker was killed meanwhile."""
        return self._do("maintenance", now)

    def backfill(self, now: datetime) -> bool:
        """Run `joinlink backfill --all`; return False if the process was killed meanwhile."""
        return self._do("backfill", now)

    def drain(self, now: datetime) -> bool:
        """Handle all visible messages; return False if the worker was killed meanwhile."""
        return self._do("drain", now)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.join()
        self.process.close()
        self._commands.close()

    def _do(self, command: str, now: datetime) -> bool:
        try:
            self._commands.send((command, now))
            assert self._commands.poll(_TIMEOUT_SECONDS), "the worker did not answer in time"
            failures = self._commands.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            assert self.process.exitcode == -SIGKILL, "the worker died for another reason"
            return False
        assert failures == []
        return True


def _work(commands: Connection, settings: dict[str, str]) -> None:
    """Run the host and the app; each command sets the clock."""
    os.environ.update({name: settings[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")})
    times: list[datetime] = []
    world = World(now=lambda: times[-1], uniform=random.Random(7).uniform)  # noqa: S311 -- repeatable chance
    with Host(build_app(), settings) as host:
        wiring.start(wiring.Parts(settings, world, httpx.WSGITransport(app=host.wsgi)))
        while True:
            command, now = commands.recv()
            times.append(now)
            match command:
                case "drain":
                    host.drain()
                case "backfill":
                    _backfill(settings, world)
                case timer:
                    host.run_timer(timer)
            commands.send([f"{failure.function}: {failure.error!r}" for failure in host.failures])


def _backfill(settings: Mapping[str, str], world: World) -> None:
    """Run `joinlink backfill --all --yes` in this process."""
    argv = ["joinlink", "backfill", "--all", "--yes"]
    with (
        patch.dict(os.environ, settings),
        patch.object(desk, "World", lambda: world),
        patch.object(sys, "argv", argv),
        # The storage's clock continues while the story's does not.
        patch.object(Table, "now", lambda _table: world.now()),
        redirect_stdout(StringIO()),
        redirect_stderr(StringIO()) as errors,
    ):
        try:
            main()
        except SystemExit as error:
            if error.code:
                raise RuntimeError(errors.getvalue()) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class KillPoint:
    """The request that kills the worker.

    It is `further` requests after the first one that has `method` and matches `path`, a regular expression.
    `is_done` says whether that request takes effect. It is never answered.
    """

    method: str = "*"
    path: str = ""
    further: int = 0
    is_done: bool = True


class KillSwitch:
    """A proxy between a worker and all services; kills the worker at a chosen request."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._worker: KillableWorker | None = None
        self._point = KillPoint()
        self._left: int | None = None
        self._has_killed = False
        #: the request at which each worker was killed
        self.killed_at: list[str] = []

    def arm(self, worker: KillableWorker, point: KillPoint) -> None:
        """Kill this worker at this point."""
        with self._lock:
            self._worker, self._point, self._left = worker, point, None

    def disarm(self) -> None:
        """Let everything through again, for the next worker."""
        with self._lock:
            self._worker, self._has_killed = None, False

    def over(self, app: "WSGIApplication") -> "WSGIApplication":
        """Return an app with this proxy before it."""

        def switched(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            with self._lock:
                worker = self._worker
                kills_now = worker is not None and not self._has_killed and self._is_fatal(environ)
                is_late = self._has_killed
                self._has_killed = self._has_killed or kills_now
            if worker is None or not (kills_now or is_late):
                return app(environ, start_response)
            if kills_now:
                if self._point.is_done:
                    run_wsgi_app(app, environ, buffered=True)
                worker.process.kill()
                self.killed_at.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            # The process is killed, so requests from its other threads take no effect either.
            return ServiceUnavailable()(environ, start_response)

        return switched

    def _is_fatal(self, environ: "WSGIEnvironment") -> bool:
        """Count a request; return whether it is the fatal one."""
        if self._left is None:
            is_method = self._point.method in {"*", environ["REQUEST_METHOD"]}
            if not is_method or not re.search(self._point.path, environ["PATH_INFO"]):
                return False
            self._left = self._point.further
        self._left -= 1
        return self._left < 0


@contextmanager
def behind(kill_switch: KillSwitch, stage: Stage) -> Iterator[Mapping[str, str]]:
    """Yield settings with which a worker reaches Graph and the storage only through the switch."""
    with ExitStack() as stack:

        def switched(match: re.Match[str]) -> str:
            storage = ProxyMiddleware(BadGateway(), {match[3]: {"target": match[2], "host": None}})
            return f"{match[1]}={stack.enter_context(serve(kill_switch.over(storage)))}{match[3]}"

        graph_url = stack.enter_context(serve(kill_switch.over(stage.graph)))
        yield {
            **stage.settings,
            "AzureWebJobsStorage": _ENDPOINT.sub(switched, stage.settings["AzureWebJobsStorage"]),
            "JOINLINK_GRAPH_URL": graph_url,
            "IDENTITY_ENDPOINT": f"{graph_url}/msi/token",
            "IDENTITY_HEADER": "sandbox",
        }
