"""Keeps a worker running, and calls functions in it with a timeout."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

from sandbox.host.bindings import Function
from sandbox.host.host_spec import HostSpec
from sandbox.host.worker_process import OnLog, WorkerDied, WorkerProcess

MOST_DEATHS = 3
_POLL_SECONDS = 0.05

log = logging.getLogger("Host.Worker")


class TimedOut(Exception):
    """The call took longer than `functionTimeout`."""


class WorkerSupervisor:
    """Runs one worker and restarts it when it dies; at the third death `on_exhausted` is called.

    If a call takes longer than `timeout` (None: no limit) by `now`, its worker is killed; that does not
    count as a death.
    """

    def __init__(
        self,
        spec: HostSpec,
        *,
        now: Callable[[], datetime],
        timeout: timedelta | None,
        on_log: OnLog,
        on_exhausted: Callable[[], None],
    ) -> None:
        """Start the first worker.

        Raises:
            UnsupportedApp, WorkerDied: see `WorkerProcess`.
        """
        self._spec = spec
        self._now = now
        self._timeout = timeout
        self._on_log = on_log
        self._on_exhausted = on_exhausted
        self._ready = threading.Condition()
        self._is_closed = False
        self._deaths = 0
        self._worker: WorkerProcess | None = self._start()
        self.functions = self._worker.functions

    @property
    def pid(self) -> int:
        """The worker's process id, 0 while there is none."""
        with self._ready:
            return self._worker.process.pid if self._worker else 0

    def call(self, function: Function, value: Any) -> Any:
        """Call a function, after a worker that is starting is ready.

        Raises:
            FunctionFailed: it raised an exception.
            WorkerDied: the worker ended during the call, or the host is stopping.
            TimedOut: it took longer than the timeout.
        """
        began = self._now()
        with self._ready:
            self._ready.wait_for(lambda: self._worker is not None or self._is_closed)
            worker = self._worker
        if worker is None:
            raise WorkerDied(f"{function.name}: the host is stopping.")
        try:
            answer = self._await(worker, worker.submit(function.name, value), began)
        except Exception as error:
            log.error("Executed 'Functions.%s' (Failed): %s", function.name, error)  # noqa: TRY400 -- the trace is in the worker
            raise
        return answer

    def close(self) -> None:
        """Kill the worker and don't start another."""
        with self._ready:
            self._is_closed = True
            worker, self._worker = self._worker, None
            self._ready.notify_all()
        if worker:
            worker.kill()

    def _start(self) -> WorkerProcess:
        return WorkerProcess(self._spec, on_log=self._on_log, on_end=self._replace)

    def _await(self, worker: WorkerProcess, future: Future[Any], began: datetime) -> Any:
        while True:
            try:
                return future.result(_POLL_SECONDS)
            except TimeoutError:
                if self._timeout and self._now() - began > self._timeout:
                    worker.kill(by_timeout=True)
                    raise TimedOut(f"Timeout value of {self._timeout} was exceeded.") from None

    def _replace(self, ended: WorkerProcess) -> None:
        """Start another worker after one ended."""
        with self._ready:
            if self._is_closed:
                return
            self._worker = None
            self._deaths += not ended.killed_by_timeout
            is_exhausted = self._deaths >= MOST_DEATHS
        log.error("The worker ended with %s.", ended.process.returncode)
        try:
            started = None if is_exhausted else self._start()
        except WorkerDied:
            started = None
        if started is None:
            log.error("Exceeded language worker restart retry count. Shutting down.")
            self._on_exhausted()
        self._use(started)

    def _use(self, started: WorkerProcess | None) -> None:
        """Direct calls to a new worker; with None, or after `close`, to none."""
        with self._ready:
            if started and self._is_closed:
                started.kill()
            else:
                self._worker, self._is_closed = started, started is None
            self._ready.notify_all()
