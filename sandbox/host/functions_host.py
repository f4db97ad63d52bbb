"""The host that runs in its own process, with its worker in another; see `HostProcess`."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from sandbox.clock import SharedClock
from sandbox.host.config import read_config
from sandbox.host.host_spec import HostSpec
from sandbox.host.triggers import Triggers
from sandbox.host.worker_supervisor import WorkerSupervisor
from sandbox.serve import serve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from sandbox.host.worker_messages import LogLine

DRAINING = "FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING"
_POLL_SECONDS = 0.05
_QUIET_SECONDS = 0.5
_LAST_SECONDS = 2


class FunctionsHost:
    """Runs one host. `on_log` gets the function's name and each line that it logged."""

    def __init__(self, spec: HostSpec, on_log: "Callable[[str, LogLine], None]") -> None:
        self._spec = spec
        self._stopping = threading.Event()
        self._exhausted = threading.Event()
        now = SharedClock(Path(spec.clock)).now
        self._supervisor = WorkerSupervisor(
            spec,
            now=now,
            timeout=read_config(spec.host_json, spec.settings).function_timeout,
            on_log=on_log,
            on_exhausted=self._exhausted.set,
        )
        self._triggers = Triggers(
            self._supervisor.functions,
            spec.settings,
            host_json=spec.host_json,
            function_key=spec.function_key,
            call=self._supervisor.call,
            now=now,
        )

    def stop(self) -> None:
        """Stop, as on SIGTERM."""
        self._stopping.set()

    def run(self, on_ready: Callable[[], None]) -> int:
        """Serve until `stop`, or until too many workers died; return the exit code.

        Calls that still run at the end are aborted: the worker is killed, and their messages stay leased.
        """
        config = self._triggers.config
        most = (config.batch_size + config.new_batch_threshold) * len(self._triggers.listeners)
        pool = ThreadPoolExecutor(max(most, 1), "calls")
        with ExitStack() as stack:
            stack.enter_context(serve(self._answer, port=self._spec.port))
            self._triggers.start_polling(stack, pool)
            on_ready()
            while not (self._stopping.is_set() or self._exhausted.is_set()):
                self._renew_leases()
                self._stopping.wait(_POLL_SECONDS)
            code = 1 if self._exhausted.is_set() else 0
            drain = code == 1 or self._spec.settings.get(DRAINING, "").lower() in {"true", "1"}
            self._finish_calls(_LAST_SECONDS if code else self._spec.stop_seconds, drain=drain)
            stack.pop_all()  # the process is about to end, so nothing waits for threads
        self._supervisor.close()
        return code

    def _finish_calls(self, seconds: float, *, drain: bool) -> None:
        """Wait for running calls, up to a time; only a draining host fetches no more messages meanwhile."""
        logging.getLogger("Host").warning("Stopping the host, %s draining.", "with" if drain else "without")
        if drain:
            self._triggers.stop_fetching()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._has_finished(left, drain=drain):
            self._renew_leases()

    def _has_finished(self, seconds: float, *, drain: bool) -> bool:
        """Wait a moment; return whether no call runs and, without draining, no message is left either."""
        if not drain:
            return self._triggers.quiet(min(seconds, _QUIET_SECONDS))
        time.sleep(_POLL_SECONDS)
        return not self._triggers.in_progress

    def _renew_leases(self) -> None:
        for listener in self._triggers.listeners:
            listener.renew_leases()

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith("/admin/"):
            return self._administer(request)(environ, start_response)
        return self._triggers.wsgi(environ, start_response)

    def _administer(self, request: Request) -> Response:
        """Answer the requests of `HostProcess`: state, waiting until it is quiet, running a timer."""
        if request.headers.get("x-functions-key") != self._spec.function_key:
            return Response(status=401)
        match request.path.split("/")[2:]:
            case ["functions", name]:
                return self._run_timer(name)
            case ["quiet"]:
                return _json({"quiet": self._triggers.quiet(float(request.args["seconds"]))})
            case ["state"]:
                return _json({"worker": self._supervisor.pid, "in_progress": self._triggers.in_progress})
        return Response(status=404)

    def _run_timer(self, name: str) -> Response:
        try:
            self._triggers.timer(name)()
        except LookupError:
            return Response(status=404)
        except Exception:  # noqa: BLE001 -- logged where it was called
            return Response(status=500)
        return Response(status=202)


def _json(facts: dict[str, Any]) -> Response:
    return Response(json.dumps(facts), content_type="application/json")
