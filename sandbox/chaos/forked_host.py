"""One host of a run, in a forked process: a run kills many, and a `HostProcess` needs seconds to start."""

import json
import logging
import os
import random
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event

import httpx
from azure.core.exceptions import AzureError

from function_app import build_app
from sandbox.chaos.child import wear_leash
from sandbox.chaos.planted import PLANTED
from sandbox.clock import SharedClock
from sandbox.host import Host
from sandbox.serve import serve
from shared import wiring
from shared.worker.common.world import World

_THREADS = 3
_IDENTITY = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")

FUNCTION_KEY = "chaos"
"""The function key of all hosts, as in one function app."""


class HostCommand(StrEnum):
    """What a host can be told."""

    #: process all visible messages
    DRAIN = "drain"
    #: run the timer
    MAINTAIN = "maintain"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkedHostSetup:
    """What a host needs to start."""

    number: int
    #: the app's settings, with addresses at which faults happen
    settings: Mapping[str, str]
    #: the connection string of the host's own queue calls
    storage: str
    #: the file of the `SharedClock`, and the error of this host's clock
    clock: Path
    skew: timedelta
    #: the file to which the app's log lines are appended
    log: Path
    #: the socket by which a fault kills it
    leash: Path
    #: the bug that is planted in the product
    bug: str = "none"


def run_host(commands: Connection, setup: ForkedHostSetup) -> None:
    """Run the host until it is killed, or until SIGTERM, after the messages in progress."""
    wear_leash(setup.leash)
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    os.environ.update({name: setup.settings[name] for name in _IDENTITY})
    clock, chance = SharedClock(setup.clock), random.Random(setup.number)  # noqa: S311 -- no secrets
    world = World(now=lambda: clock.now() + setup.skew, uniform=chance.uniform)
    logging.getLogger("joinlink").addHandler(_LineFile(setup, clock))
    logging.getLogger().addHandler(logging.NullHandler())
    storage = {"AzureWebJobsStorage": setup.storage}
    with ExitStack() as stack:
        stack.enter_context(PLANTED[setup.bug]())
        host = stack.enter_context(
            Host(build_app(), {**setup.settings, **storage}, function_key=FUNCTION_KEY)
        )
        wiring.start(wiring.Parts(setup.settings, world, httpx.WSGITransport(app=host.wsgi)))
        # Alone: Azure's SDK builds its models on first use, and threads that do so at once fail.
        _drain(host, lambda: True)
        commands.send(stack.enter_context(serve(host.wsgi)))
        pool = stack.enter_context(ThreadPoolExecutor(_THREADS))
        stack.enter_context(suppress(EOFError, BrokenPipeError))  # the run was ended
        while not stopping.is_set():
            if commands.recv() is HostCommand.DRAIN:
                list(pool.map(lambda _: _drain(host, stopping.is_set), range(_THREADS)))
            else:
                host.run_timer("maintenance")
            commands.send("done")


def _drain(host: Host, is_stopping: Callable[[], bool]) -> None:
    """Process all visible messages; if one can't be deleted, it comes back after its lease."""
    for _ in range(_THREADS):
        try:
            host.drain(is_stopping)
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
