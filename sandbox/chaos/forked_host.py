"""One host of a run, in a forked process.

A run kills many hosts. A fork of a process that has imported all modules starts at once; a `HostProcess`
needs seconds.
"""

import json
import logging
import os
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from azure.core.exceptions import AzureError

from function_app import build_app
from sandbox.apps import MODULES
from sandbox.clock import SharedClock
from sandbox.host import Host
from sandbox.serve import serve
from shared import wiring
from shared.worker.common.world import World

_THREADS = 3
_TIMEOUT_SECONDS = 120
_IDENTITY = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")

FUNCTION_KEY = "chaos"
"""The function key of all hosts, as in one function app."""

DRAIN, MAINTAIN = "drain", "maintain"
"""The commands: process all visible messages; run the timer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkedHostSetup:
    """What a host needs to start."""

    number: int
    #: the app's settings, whose addresses are those of the fault proxy
    settings: Mapping[str, str]
    #: the host's own connection string, which bypasses the fault proxy
    storage: str
    #: the file of the `SharedClock`, and the error of this host's clock
    clock: Path
    skew: timedelta
    #: the file to which the app's log lines are appended
    log: Path


class ForkedHost:
    """One host, until it is killed. `url` is its base URL."""

    def __init__(self, setup: ForkedHostSetup) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload([*MODULES, __name__])
        self._commands, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, setup), daemon=True)
        self._process.start()
        theirs.close()
        self.url = str(self._receive())

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def send(self, command: str) -> None:
        """Send a command; `wait` waits until it is done. A dead host ignores it."""
        try:
            self._commands.send(command)
        except OSError:
            self._process.join()

    def wait(self) -> None:
        """Wait until the command is done or the host has been killed.

        Raises:
            TimeoutError: neither happens; the host is killed.
        """
        try:
            self._receive()
        except (EOFError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            self._process.join()

    def kill(self) -> None:
        """Kill the process (SIGKILL)."""
        self._process.kill()

    def close(self) -> None:
        """Kill the process and wait for its end."""
        self._process.kill()
        self._process.join()
        self._commands.close()

    def _receive(self) -> object:
        if not self._commands.poll(_TIMEOUT_SECONDS):
            self._process.kill()
            raise TimeoutError(f"a host did not answer within {_TIMEOUT_SECONDS} s")
        return self._commands.recv()


def _run(commands: Connection, setup: ForkedHostSetup) -> None:
    """Run the host until it is killed."""
    os.environ.update({name: setup.settings[name] for name in _IDENTITY})
    clock, chance = SharedClock(setup.clock), random.Random(setup.number)  # noqa: S311 -- no secrets
    world = World(now=lambda: clock.now() + setup.skew, uniform=chance.uniform)
    logging.getLogger("joinlink").addHandler(_LineFile(setup, clock))
    logging.getLogger().addHandler(logging.NullHandler())
    storage = {"AzureWebJobsStorage": setup.storage}
    with Host(build_app(), {**setup.settings, **storage}, function_key=FUNCTION_KEY) as host:
        wiring.start(wiring.Parts(setup.settings, world, httpx.WSGITransport(app=host.wsgi)))
        with serve(host.wsgi) as url, ThreadPoolExecutor(_THREADS) as pool:
            commands.send(url)
            while True:
                if commands.recv() == DRAIN:
                    list(pool.map(_drain, [host] * _THREADS))
                else:
                    host.run_timer("maintenance")
                commands.send("done")


def _drain(host: Host) -> None:
    """Process all visible messages; if one can't be deleted, it comes back after its lease."""
    for _ in range(_THREADS):
        try:
            host.drain()
        except AzureError:
            continue
        return


class _LineFile(logging.FileHandler):
    """Appends the app's log lines to a file, with the host's number and the time without clock error."""

    def __init__(self, setup: ForkedHostSetup, clock: SharedClock) -> None:
        super().__init__(setup.log, encoding="utf-8")
        self._number = setup.number
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        at = self._clock.now().isoformat()
        return json.dumps({"host": self._number, "at": at, **json.loads(record.getMessage())})
