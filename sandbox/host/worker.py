"""`python -m sandbox.host.worker FD SPEC`: runs the functions, like Microsoft's Python worker.

It exchanges messages with its host over the socket FD. When the host has ended, running calls are finished,
their results are lost, and the worker ends.
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
from typing import Any

from sandbox.clock import SharedClock
from sandbox.host.bindings import Function, UnsupportedApp, read_functions
from sandbox.host.config import thread_count
from sandbox.host.host_spec import HostSpec
from sandbox.host.invocation import Invoker
from sandbox.host.worker_messages import (
    AppIndexed,
    AppUnsupported,
    CallRequest,
    CallResult,
    LogLine,
    not_in_this_process,
)

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

    def __init__(self, wire: HostConnection) -> None:
        super().__init__()
        self._wire = wire

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line; the host drops lines of threads that run no call."""
        call = getattr(_current, "call", "")
        self._wire.send(LogLine(call, record.name, record.levelname, self.format(record)))


def main() -> None:
    """Run calls until the host has ended."""
    connection, spec = Connection(int(sys.argv[1])), HostSpec.read(Path(sys.argv[2]))
    wire = HostConnection(connection)
    logging.getLogger().addHandler(HostLogHandler(wire))
    clock = SharedClock(Path(spec.clock))
    try:
        functions = read_functions(spec.build(clock.now), spec.settings)
    except UnsupportedApp as error:
        wire.send(AppUnsupported(str(error)))
        return
    wire.send(AppIndexed([replace(function, run=not_in_this_process) for function in functions]))
    by_name = {function.name: function for function in functions}
    invoker = Invoker()
    with ThreadPoolExecutor(thread_count(spec.settings), "functions") as pool:
        while (called := _receive(connection)) is not None:
            pool.submit(_work, wire, invoker, by_name[called.function], called)
    os._exit(0)  # does not wait for other threads of the app


def _receive(connection: Connection) -> CallRequest | None:
    try:
        called: CallRequest = connection.recv()
    except (EOFError, ConnectionError):
        return None
    return called


def _work(wire: HostConnection, invoker: Invoker, function: Function, called: CallRequest) -> None:
    _current.call = called.id
    try:
        answer, error = invoker.call(function, pickle.loads(called.value)), ""  # noqa: S301 -- from our host
    except Exception as raised:  # noqa: BLE001 -- the host reports it
        answer, error = None, repr(raised)
    wire.send(CallResult(called.id, answer, error))
    _current.call = ""


if __name__ == "__main__":
    main()
