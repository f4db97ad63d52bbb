"""A host as a process of its own: the app, its webhook on a port, and hands that do what they are told."""

import json
import logging
import os
import random
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from azure.core.exceptions import AzureError

from function_app import build_app
from sandbox.host import Host
from sandbox.serve import serve
from shared import wiring
from shared.worker.common.world import World

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Every process is a fork of one that has imported all this, so a new one is there at once.
_PRELOADED = (
    "azure.data.tables",
    "azure.storage.blob",
    "msal",
    "shared.graph.client",
    "shared.storage.last_good_rules",
    "shared.storage.rule_source",
    "shared.worker.events.messages",
    "shared.worker.mailboxes.messages",
    "shared.worker.mailboxes.maintenance",
    "shared.worker.mailboxes.subscriptions",
    "shared.worker.mailboxes.sweep",
    __name__,
)
_HANDS = 3
_LONGEST_ROUND_SECONDS = 120
_KEY = re.compile(r"code=[^&]*")
_IDENTITY = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")

#: what a host is told to do
DRAIN, MAINTAIN = "drain", "maintain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a host is made of."""

    #: which of the hosts this is
    number: int
    #: the app's settings, whose addresses lead through the host's gate
    settings: Mapping[str, str]
    #: the connection string of the host itself, which no fault meets
    storage: str
    #: the seconds that everybody's clock is ahead of the machine's
    ahead: "Synchronized[float]"
    #: the seconds that this host's clock is wrong by
    skew: int
    #: where the app's lines are added
    log: Path


class ChaosHost:
    """One host, until it is killed. `url` is where its webhook listens."""

    def __init__(self, setup: Setup) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload(list(_PRELOADED))
        self._orders, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, setup), daemon=True)
        self._process.start()
        theirs.close()
        self.url = str(self._receive())

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def tell(self, order: str) -> None:
        """Give an order; `ends` waits for its end. A dead process does nothing."""
        try:
            self._orders.send(order)
        except OSError:
            self._process.join()

    def ends(self) -> bool:
        """Wait for the end of the order; False if the process was killed over it.

        Raises:
            TimeoutError: it neither answers nor dies; it is killed.
        """
        try:
            self._receive()
        except (EOFError, OSError):
            self._process.join()
            return False
        return True

    def kill(self) -> None:
        """Kill the process at once (SIGKILL)."""
        self._process.kill()

    def close(self) -> None:
        """Kill the process and wait for its end."""
        self._process.kill()
        self._process.join()
        self._orders.close()

    def _receive(self) -> object:
        if not self._orders.poll(_LONGEST_ROUND_SECONDS):
            self._process.kill()
            raise TimeoutError(f"a host did not answer within {_LONGEST_ROUND_SECONDS} s")
        return self._orders.recv()


def _work(orders: Connection, setup: Setup) -> None:
    """Be the host."""
    settings = setup.settings
    os.environ.update({name: settings[name] for name in _IDENTITY})

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=setup.ahead.value + setup.skew)

    chance = random.Random(setup.number)  # noqa: S311 -- no secrets
    _log_to(setup)
    with Host(build_app(), {**settings, "AzureWebJobsStorage": setup.storage}) as host:
        door = partial(_door, host)
        wiring.start(
            wiring.Parts(settings, World(now=now, uniform=chance.uniform), httpx.WSGITransport(app=door))
        )
        with serve(door) as url, ThreadPoolExecutor(_HANDS) as hands:
            orders.send(url)
            while True:
                if orders.recv() == DRAIN:
                    list(hands.map(_drain, [host] * _HANDS))
                else:
                    host.run_timer("maintenance")
                orders.send("done")


def _drain(host: Host) -> None:
    """Work on all that is visible; a message that could not be deleted comes back when its lease is over."""
    for _ in range(_HANDS):
        try:
            host.drain()
        except AzureError:
            continue
        return


def _door(host: Host, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Let callers in by the key that all hosts share, as those of one function app do."""
    environ["QUERY_STRING"] = _KEY.sub(f"code={host.function_key}", environ["QUERY_STRING"])
    app: WSGIApplication = host.wsgi
    return app(environ, start_response)


def _log_to(setup: Setup) -> None:
    """Add the app's lines to a file, each with its host and the play's time."""

    class Lines(logging.FileHandler):
        def format(self, record: logging.LogRecord) -> str:
            at = datetime.now(UTC) + timedelta(seconds=setup.ahead.value)
            line = {"host": setup.number, "at": at.isoformat(), **json.loads(record.getMessage())}
            return json.dumps(line)

    logging.getLogger("joinlink").addHandler(Lines(setup.log, encoding="utf-8"))
    logging.getLogger().addHandler(logging.NullHandler())
