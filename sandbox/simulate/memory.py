"""Measures how much memory the product's own process needs for one run of maintenance over a tenant.

The simulated week is in one process with the tenant and the storage, which need most of its memory. So one
more run of maintenance takes place in a separate process, with the stand-in Graph behind HTTP and the
storage behind a pipe.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from azure.core.exceptions import AzureError

from sandbox.peak_memory import peak
from sandbox.serve import serve
from sandbox.simulate.product import Product, client
from sandbox.simulate.table import MemoryTable
from sandbox.simulate.tenant import SimulatedTenant
from shared import logs
from shared.storage.tables import Table

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from azure.data.tables import TableClient

_TABLE_METHODS = ("create_table", "dated", "create_entity", "update_entity", "upsert_entity", "page")


@dataclass(frozen=True, slots=True)
class PeakMemory:
    """The peak of a process in bytes: with all imports, and after one run of maintenance."""

    before: int
    after: int


def measure(tenant: SimulatedTenant) -> PeakMemory:
    """Run maintenance for a tenant in a separate process."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    with serve(tenant.graph) as graph_url:
        process = context.Process(target=_maintain, args=(theirs, graph_url, tenant.now))
        process.start()
        theirs.close()
        while not isinstance(message := ours.recv(), PeakMemory):
            ours.send(_call_storage(tenant, message))
        process.join()
    return message


def _call_storage(tenant: SimulatedTenant, call: Any) -> Any:
    """Call a method of a queue or table; return its result, or the SDK's error."""
    kind, name, method, args, options = call
    (tenant.queue if kind == "queue" else tenant.table)(name)
    store = (tenant.queues if kind == "queue" else tenant.tables)[name]
    try:
        return getattr(store, method)(*args, **options)
    except AzureError as error:
        return error


def _maintain(pipe: "Connection[Any, Any]", graph_url: str, now: datetime) -> None:
    logs.configure("ERROR")
    os.environ["NO_PROXY"] = "127.0.0.1"
    storage = _StoragePipe(pipe)
    product = Product(
        now=lambda: now,
        http=client(graph_url),
        queues=lambda name: _RemoteQueue(storage, name),
        tables=lambda name: Table(cast("TableClient", _RemoteTable(storage, name))),
    )
    before = peak()
    product.maintain()
    pipe.send(PeakMemory(before, peak()))


class _StoragePipe:
    """Sends one call at a time to the tenant's storage; safe to share between threads."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe
        self._lock = Lock()

    def call(self, kind: str, name: str, method: str, *args: Any, **options: Any) -> Any:
        with self._lock:
            self._pipe.send((kind, name, method, args, options))
            answer = self._pipe.recv()
        if isinstance(answer, AzureError):
            raise answer
        return answer


class _RemoteQueue:
    """A queue of the tenant, as a `QueueSender`."""

    def __init__(self, storage: _StoragePipe, name: str) -> None:
        self.name = name
        self._storage = storage

    def send(self, text: str, delay: timedelta = timedelta(0), /) -> None:
        self._storage.call("queue", self.name, "send", text, delay)


class _RemoteTable(MemoryTable):
    """A table of the tenant, which this process lists page by page."""

    def __init__(self, storage: _StoragePipe, name: str) -> None:
        super().__init__(name, lambda: datetime.now(UTC))  # not used: the tenant's table has the time
        for method in _TABLE_METHODS:
            setattr(self, method, partial(storage.call, "table", name, method))
