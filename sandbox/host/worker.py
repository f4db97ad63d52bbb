"""`python -m sandbox.host.worker FD`: runs the functions, like Microsoft's Python worker.

Its host sends the `HostSpec` over the socket FD, then calls. When the host has ended, running calls are
finished, their results are lost, and the worker ends.
"""

import logging
import os
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.clock import SharedClock
from sandbox.host.bindings import Function, UnsupportedApp, read_functions
from sandbox.host.config import thread_count
from sandbox.host.invocation import Invoker
from sandbox.host.worker_messages import (
    CallRequest,
    CallResult,
    LogLine,
    not_in_this_process,
)

if TYPE_CHECKING:
    from sandbox.host.host_spec import HostSpec

_current = threading.local()


class HostConnection:
    """Sends messages to the host from many threads; after the host has ended, they are lost."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: Any) -> None:
        """Send one message."""
        with self._lock:
            try:
                self._connection.send(message)
            except ConnectionError:
                return


class HostLogHandler(logging.Handler):
    """Sends log lines to the host, each with the call that the thread is running."""

    def __init__(self, host: HostConnection) -> None:
        super().__init__()
        self._host = host

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line; the host drops lines of threads that run no call."""
        call = getattr(_current, "call", "")
        self._host.send(LogLine(call, record.name, record.levelname, self.format(record)))


def main() -> None:
    """Run calls until the host has ended."""
    connection = Connection(int(sys.argv[1]))
    spec: HostSpec = connection.recv()
    host = HostConnection(connection)
    logging.getLogger().addHandler(HostLogHandler(host))
    clock = SharedClock(Path(spec.clock))
    try:
        functions = read_functions(spec.build(clock.now), spec.settings)
    except UnsupportedApp as error:
        host.send(error)
        return
    host.send([replace(function, run=not_in_this_process) for function in functions])
    by_name = {function.name: function for function in functions}
    invoker = Invoker()
    with ThreadPoolExecutor(thread_count(spec.settings), "functions") as pool:
        while (called := _receive(connection)) is not None:
            pool.submit(_work, host, invoker, by_name[called.function], called)
    os._exit(0)  # does not wait for other threads of the app


def _receive(connection: Connection) -> CallRequest | None:
    try:
        called: CallRequest = connection.recv()
    except (EOFError, ConnectionError):
        return None
    return called


def _work(host: HostConnection, invoker: Invoker, function: Function, called: CallRequest) -> None:
    _current.call = called.id
    try:
        answer, error = invoker.call(function, pickle.loads(called.value)), ""  # noqa: S301 -- from our host
    except Exception as raised:  # noqa: BLE001 -- the host reports it
        answer, error = None, repr(raised)
    host.send(CallResult(called.id, answer, error))
    _current.call = ""


if __name__ == "__main__":
    main()
