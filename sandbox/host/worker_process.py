"""The host's connection to one worker process: sends calls, receives results and log lines."""

import contextlib
import pickle
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.connection import Connection
from typing import Any

from sandbox.host.bindings import Function, UnsupportedApp
from sandbox.host.host_spec import HostSpec
from sandbox.host.worker_messages import CallRequest, CallResult, LogLine

OnLog = Callable[[str, LogLine], None]
"""Gets a function's name and a line that it logged."""


class WorkerDied(Exception):
    """The worker's process ended during this call."""


class FunctionFailed(Exception):
    """The function raised an exception; this has its text."""


class WorkerProcess:
    """One worker process. `on_end` is called once, after the process has ended and its calls have failed.

    Attributes:
        functions: the app's functions.
        killed_by_timeout: whether the host killed it because a call took too long. Its other calls then hang
            until their own timeout, as in the real host.
    """

    def __init__(self, spec: HostSpec, *, on_log: OnLog, on_end: Callable[["WorkerProcess"], None]) -> None:
        """Start a worker and wait until it has read the app.

        Raises:
            UnsupportedApp: the app uses something that this host does not support.
            WorkerDied: it ended before.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 -- fixed arguments
                [sys.executable, "-m", "sandbox.host.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._connection = Connection(ours.detach())
        self._connection.send(spec)
        self._on_log, self._on_end = on_log, on_end
        self._lock = threading.Lock()
        self._calls: dict[str, tuple[str, Future[Any]]] = {}
        self._has_ended = False
        self.killed_by_timeout = False
        self.functions = self._read_functions()
        threading.Thread(target=self._read, name="worker", daemon=True).start()

    def submit(self, function: str, value: Any) -> Future[Any]:
        """Start a call; the future fails with `FunctionFailed` or `WorkerDied`."""
        future: Future[Any] = Future()
        called = CallRequest(uuid.uuid4().hex, function, pickle.dumps(value))
        with self._lock:
            if self._has_ended:
                future.set_exception(WorkerDied(f"{function}: the worker has ended."))
                return future
            self._calls[called.id] = (function, future)
            with contextlib.suppress(ConnectionError):  # the reader then sees the end and fails the call
                self._connection.send(called)
        return future

    def kill(self, *, by_timeout: bool = False) -> None:
        """Kill the process (SIGKILL)."""
        self.killed_by_timeout = self.killed_by_timeout or by_timeout
        self.process.kill()

    def _read_functions(self) -> list[Function]:
        try:
            first = self._connection.recv()
            while isinstance(first, LogLine):
                first = self._connection.recv()
        except (EOFError, ConnectionError) as error:
            raise WorkerDied("The worker ended before it could read the app.") from error
        if isinstance(first, UnsupportedApp):
            raise first
        functions: list[Function] = first
        return functions

    def _read(self) -> None:
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, ConnectionError):
                break
            if isinstance(message, LogLine):
                self._forward_log(message)
            else:
                self._answer(message)
        self._end()

    def _forward_log(self, line: LogLine) -> None:
        """Pass on a log line; a line of no running call is dropped, as in the real host."""
        with self._lock:
            function, _ = self._calls.get(line.id, ("", None))
        if function:
            self._on_log(function, line)

    def _answer(self, answered: CallResult) -> None:
        with self._lock:
            function, future = self._calls.pop(answered.id)
        if answered.error:
            future.set_exception(FunctionFailed(f"{function}: {answered.error}"))
        else:
            future.set_result(answered.answer)

    def _end(self) -> None:
        self.process.wait()
        with self._lock:
            self._has_ended = True
            calls = list(self._calls.values())
            self._calls.clear()
        self._connection.close()
        if not self.killed_by_timeout:
            for function, future in calls:
                future.set_exception(WorkerDied(f"{function}: the worker ended during the call."))
        self._on_end(self)
