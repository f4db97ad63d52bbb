"""A host that stands in a process of its own, with its worker in another: serves, listens, stops, dies."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.functions.timer import TimerRequest
from werkzeug import Request, Response

from sandbox.clock import SharedClock
from sandbox.host.bindings import Function, QueueTrigger, TimerTrigger
from sandbox.host.config import read_config
from sandbox.host.host import HOST_JSON
from sandbox.host.host_spec import HostSpec
from sandbox.host.http_functions import HttpFunctions
from sandbox.host.queue_listener import QueueListener
from sandbox.host.queue_poller import QueuePoller
from sandbox.host.worker_supervisor import WorkerSupervisor
from sandbox.serve import serve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from sandbox.host.worker_messages import LogLine

DRAINING = "FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING"
_POLL_SECONDS = 0.05
_LAST_SECONDS = 2


class FunctionsHost:
    """Runs one host from a spec that was read from the file `path`.

    `on_log` hears the function's name and each line that it logged.
    """

    def __init__(self, spec: HostSpec, path: Path, on_log: "Callable[[str, LogLine], None]") -> None:
        self._spec = spec
        self._clock = SharedClock(Path(spec.clock))
        host_json = json.loads(HOST_JSON.read_text()) if spec.host_json is None else spec.host_json
        self._config = read_config(host_json, spec.settings)
        self._stopping = threading.Event()
        self._exhausted = threading.Event()
        self._workers = WorkerSupervisor(
            path,
            now=self._clock.now,
            timeout=self._config.function_timeout,
            on_log=on_log,
            on_exhausted=self._exhausted.set,
        )
        self._functions = {function.name: function for function in self._workers.functions}
        self._listeners = [
            QueueListener(one, one.trigger, config=self._config, call=self._workers.call, now=self._clock.now)
            for one in self._functions.values()
            if isinstance(one.trigger, QueueTrigger)
        ]
        self._pollers: list[QueuePoller] = []
        self._web = HttpFunctions(
            self._workers.functions,
            prefix=self._config.route_prefix,
            key=spec.function_key,
            call=self._workers.call,
        )

    def stop(self) -> None:
        """Stop, as on SIGTERM."""
        self._stopping.set()

    def run(self, on_ready: Callable[[], None]) -> int:
        """Work until stopped, or until too many workers have died; return the exit code.

        Calls that are still under way then are cut off: the worker dies, and what they leased stays hidden.
        """
        most = (self._config.batch_size + self._config.new_batch_threshold) * len(self._listeners)
        pool = ThreadPoolExecutor(max(most, 1), "calls")
        with ExitStack() as stack:
            stack.enter_context(serve(self._answer, port=self._spec.port))
            for listener in self._listeners:
                self._pollers.append(
                    stack.enter_context(QueuePoller(listener, config=self._config, pool=pool))
                )
            on_ready()
            while not (self._stopping.is_set() or self._exhausted.is_set()):
                self._renew_leases()
                self._stopping.wait(_POLL_SECONDS)
            code = 1 if self._exhausted.is_set() else 0
            self._end(
                drains=self._drains or code == 1, seconds=_LAST_SECONDS if code else self._spec.stop_seconds
            )
            stack.pop_all()  # the process is about to end: nobody waits for threads
        self._workers.close()
        return code

    @property
    def _drains(self) -> bool:
        return self._spec.settings.get(DRAINING, "").lower() in {"true", "1"}

    def _end(self, *, drains: bool, seconds: float) -> None:
        """Wait for calls under way, for a time; unless the host drains, more are begun meanwhile."""
        logging.getLogger("Host").warning("Stopping the host, %s draining.", "with" if drains else "without")
        if drains:
            for poller in self._pollers:
                poller.stop_fetching()
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._in_work():
            self._renew_leases()
            time.sleep(_POLL_SECONDS)

    def _in_work(self) -> int:
        return sum(poller.in_work for poller in self._pollers)

    def _renew_leases(self) -> None:
        for listener in self._listeners:
            listener.renew_leases()

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith("/admin/"):
            return self._administer(request)(environ, start_response)
        return self._web(environ, start_response)

    def _administer(self, request: Request) -> Response:
        """Answer what `HostProcess` asks: state, quiet, a run of a timer function."""
        if request.headers.get("x-functions-key") != self._spec.function_key:
            return Response(status=401)
        match request.path.split("/")[2:]:
            case ["functions", name] if name in self._functions:
                return self._run_timer(self._functions[name])
            case ["quiet"]:
                return _told({"quiet": self._is_quiet(float(request.args["seconds"]))})
            case ["state"]:
                return _told({"worker": self._workers.pid, "in_work": self._in_work()})
        return Response(status=404)

    def _is_quiet(self, seconds: float) -> bool:
        asked = [(poller, poller.reads_until_idle()) for poller in self._pollers]
        return all(poller.quiet(reads, seconds) for poller, reads in asked)

    def _run_timer(self, function: Function) -> Response:
        if not isinstance(function.trigger, TimerTrigger):
            return Response(status=400)
        try:
            self._workers.call(function, TimerRequest(schedule={"AdjustForDST": True}))
        except Exception:  # noqa: BLE001 -- logged where it was called
            return Response(status=500)
        return Response(status=202)


def _told(facts: dict[str, Any]) -> Response:
    return Response(json.dumps(facts), content_type="application/json")
