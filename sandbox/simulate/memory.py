"""How much memory the product's own process takes for one run of maintenance over a whole tenant.

The week is played in one process with the tenant and the storage, which take most of its memory. So the
product is started once more in a process of its own, with the stand-in Graph behind HTTP and the storage
behind a pipe, and asked for its peak.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from azure.core.exceptions import AzureError

from sandbox.serve import serve
from sandbox.simulate.clock import Clock
from sandbox.simulate.product import Product, client
from sandbox.simulate.table import MemoryTable
from sandbox.simulate.town import Town
from shared import logs
from shared.storage.queues import MessageQueue
from shared.storage.tables import Table

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from azure.data.tables import TableClient
    from azure.storage.queue import QueueClient


@dataclass(frozen=True, slots=True)
class Memory:
    """The peak of a process in bytes: before the product did anything, and after one run of maintenance."""

    before: int
    after: int


def measure(town: Town) -> Memory:
    """Run maintenance for a town from a process of its own."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    with serve(town.graph) as graph_url:
        process = context.Process(target=_maintain, args=(theirs, graph_url, town.clock()))
        process.start()
        theirs.close()
        while not isinstance(message := ours.recv(), Memory):
            ours.send(_answer(town, message))
        process.join()
    return message


def _answer(town: Town, question: Any) -> Any:
    """Call the town's storage; an error of the SDK's is an answer, too."""
    kind, name, method, args, kwargs = question
    (town.queue if kind == "queue" else town.table)(name)
    store = (town.queues if kind == "queue" else town.tables)[name]
    try:
        return getattr(store, method)(*args, **kwargs)
    except AzureError as error:
        return error


def _maintain(pipe: "Connection[Any, Any]", graph_url: str, now: datetime) -> None:
    logs.configure("ERROR")
    os.environ["NO_PROXY"] = "127.0.0.1"
    far, clock = _Pipe(pipe), Clock(now)
    product = Product(
        now=clock,
        http=client(graph_url),
        queues=lambda name: MessageQueue(cast("QueueClient", _Far(far, "queue", name))),
        tables=lambda name: Table(cast("TableClient", _FarTable(far, name))),
    )
    before = peak()
    product.maintain()
    pipe.send(Memory(before, peak()))


class _Pipe:
    """One question at a time, whichever thread it comes from."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe
        self._lock = Lock()

    def ask(self, kind: str, name: str, method: str, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            self._pipe.send((kind, name, method, args, kwargs))
            answer = self._pipe.recv()
        if isinstance(answer, AzureError):
            raise answer
        return answer


class _Far:
    """A queue or a table of the town."""

    def __init__(self, pipe: _Pipe, kind: str, name: str) -> None:
        self.queue_name = self.table_name = name
        self._ask = partial(pipe.ask, kind, name)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return partial(self._ask, method)


class _FarTable(MemoryTable):
    """A table of the town, listed page by page here."""

    def __init__(self, pipe: _Pipe, name: str) -> None:
        super().__init__(name, lambda: datetime.now(UTC))  # never asked: `dated` is the town's
        far = _Far(pipe, "table", name)
        for method in (
            "create_table",
            "dated",
            "create_entity",
            "update_entity",
            "upsert_entity",
            "page",
        ):
            setattr(self, method, getattr(far, method))


def peak() -> int:
    """Return the most memory that this process ever held, in bytes; 0 where the system does not tell.

    Linux counts a parent's memory into what `getrusage` says of its child, so the process is asked itself.
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    return int(found[1]) * 1024 if found else 0
