"""`python -m sandbox.host.worker FD SPEC`: the process that runs the functions, as Microsoft's Python worker.

It speaks with its host over the socket FD. When the host is gone, calls under way are finished, unheard, and
the worker ends.
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
from sandbox.host.host_spec import HostSpec
from sandbox.host.invocation import Invoker
from sandbox.host.threads import thread_count
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
    """Sends to the host from many threads; what can't be sent, since the host is gone, is lost."""

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
    """Hands log lines to the host with the call that they belong to, which is the thread's."""

    def __init__(self, wire: HostConnection) -> None:
        super().__init__()
        self._wire = wire

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line; the host drops those that belong to no call under way."""
        call = getattr(_current, "call", "")
        self._wire.send(LogLine(call, record.name, record.levelname, self.format(record)))


def main() -> None:
    """Serve the host until it is gone."""
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
    os._exit(0)  # whatever other threads the app left behind


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
    except Exception as raised:  # noqa: BLE001 -- the host hears of it
        answer, error = None, repr(raised)
    wire.send(CallResult(called.id, answer, error))
    _current.call = ""


if __name__ == "__main__":
    main()
