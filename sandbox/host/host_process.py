"""A host in a separate process, which can be stopped, killed and started again."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from sandbox.clock import SharedClock
from sandbox.host.host_spec import HostSpec

START_SECONDS = 120
ROOT = Path(__file__).resolve().parents[2]
_ADMIN_SECONDS = 60


class HostProcess:
    """The Functions host as two processes: a host, and the worker that it starts.

        with HostProcess("sandbox.apps:joinlink", settings, clock, log=path) as host:
            httpx.post(host.address("notifications"), json=...)
            host.kill()    # SIGKILL: its leased messages are visible again after ten minutes
            host.start()   # same address, same key

    Its clock is a `SharedClock` that the caller moves together with Azurite's, as `Stage.clock` does. Leases
    and `functionTimeout` use it: while calls are running, move it by less than five minutes in each step,
    otherwise leases expire before they are renewed. A stop takes at most `stop_seconds` of real time. Several
    hosts can share one Azurite. Timers run only by `run_timer`.

    Attributes:
        url: the base URL without the route prefix; the same after each start.
        function_key: the key of functions with auth level `function`.
        log: the file to which each start appends log lines.
    """

    def __init__(
        self,
        app: str,
        settings: Mapping[str, str],
        clock: SharedClock,
        *,
        log: Path,
        host_json: Mapping[str, Any] | None = None,
        stop_seconds: float = 10,
    ) -> None:
        """Prepare a host: `app` is `module:name` of a function that builds the app, see `host_spec.Build`.

        The default of the setting JOINLINK_NOTIFICATION_URL is the host's own address.
        """
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.function_key = secrets.token_urlsafe(24)
        self.log = log
        self._spec = HostSpec(
            app=app,
            settings={"JOINLINK_NOTIFICATION_URL": self.address("notifications"), **settings},
            clock=str(clock.path),
            log=str(log),
            port=port,
            function_key=self.function_key,
            host_json=host_json,
            stop_seconds=stop_seconds,
        )
        self._process: subprocess.Popen[str] | None = None

    def address(self, route: str) -> str:
        """Return the whole URL of an HTTP function, with the function key in it."""
        return f"{self.url}/api/{route}?code={self.function_key}"

    @property
    def is_alive(self) -> bool:
        """Whether the host's process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start the host, which must not be running, and wait until it is ready.

        Raises:
            RuntimeError: it ended instead; the reason is on standard error.
        """
        assert not self.is_alive, "the host is running"
        self._close_pipes()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.host"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **self._spec.settings},
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(self._spec)) + "\n")
        self._process.stdin.flush()
        deadline = threading.Timer(START_SECONDS, self._process.kill)
        deadline.start()
        is_ready = self._process.stdout.readline()
        deadline.cancel()
        deadline.join()
        if not is_ready:
            code = self._process.wait()
            self._close_pipes()
            raise RuntimeError(f"The host ended with {code} instead of starting.")
        return self

    def terminate(self) -> None:
        """Ask the host to stop (SIGTERM), as the platform does."""
        self._running().terminate()

    def kill(self) -> None:
        """Kill the host (SIGKILL) and wait; its worker finishes the running calls and ends."""
        self._running().kill()
        self._running().wait()

    def crash(self) -> None:
        """Kill the host and its worker, as when a machine fails."""
        worker = self.worker_pid
        self.kill()
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

    def kill_worker(self) -> None:
        """Kill the worker; the host starts another, until the third death."""
        os.kill(self.worker_pid, signal.SIGKILL)

    def wait(self, seconds: float) -> int:
        """Wait until the host has ended; return its exit code.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        return self._running().wait(seconds)

    @property
    def worker_pid(self) -> int:
        """The process id of the worker."""
        return int(self._ask("GET", "state").json()["worker"])

    @property
    def in_progress(self) -> int:
        """How many messages the host has fetched and not finished."""
        return int(self._ask("GET", "state").json()["in_progress"])

    def quiet(self, seconds: float) -> bool:
        """Wait until no queue has visible messages and none is in progress; False after a timeout."""
        return bool(self._ask("GET", f"quiet?seconds={seconds}", seconds=2 * seconds).json()["quiet"])

    def run_timer(self, name: str) -> bool:
        """Run a timer function and wait for its end; return whether it succeeded.

        Raises:
            httpx.TransportError: the host is not running, or ended meanwhile.
        """
        return self._ask("POST", f"functions/{name}").is_success

    def lines(self, category: str = "") -> list[dict[str, Any]]:
        """Return the log lines of a category, or all: `time`, `category`, `level` and `message`.

        Those of a function have the category `Function.<name>.User`. An incomplete last line is left out.
        """
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in lines if category in {"", line["category"]}]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_alive:
            self.kill()
        self._close_pipes()

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the host was never started"
        return self._process

    def _ask(self, method: str, path: str, *, seconds: float = _ADMIN_SECONDS) -> httpx.Response:
        headers = {"x-functions-key": self.function_key}
        timeout = seconds + _ADMIN_SECONDS
        return httpx.request(
            method, f"{self.url}/admin/{path}", headers=headers, timeout=timeout, trust_env=False
        )

    def _close_pipes(self) -> None:
        if self._process:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
