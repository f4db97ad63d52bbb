"""The host: one function app, run step by step, or live with threads and a server."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import azure.functions as func
import httpx
from azure.functions.timer import TimerRequest

from sandbox.host.bindings import Function, QueueTrigger, TimerTrigger, read_functions
from sandbox.host.config import read_config
from sandbox.host.http_functions import HttpFunctions
from sandbox.host.invocation import Failure, Invoker
from sandbox.host.queue_listener import QueueListener
from sandbox.host.queue_poller import QueuePoller
from sandbox.host.threads import thread_count
from sandbox.serve import serve

HOST_JSON = Path(__file__).resolve().parent.parent.parent / "host.json"
STEPWISE_URL = "https://joinlink.example"
RUNAWAY = 10_000


class Host:
    """Plays the Functions host for one app.

    Step by step, nothing happens but what the caller asks for, in the caller's thread:

        with Host(app, settings) as host:
            host.client().post("/api/notifications", json=...)
            host.drain()

    Live, a server and as many threads as Microsoft's worker has take requests and messages as they come:

        with Host(app, settings) as host, host.live():
            httpx.post(host.address("notifications"), json=...)

    Attributes:
        url: where the host answers, without the route prefix; made up unless the host is live.
        function_key: opens functions of auth level `function`, as `?code=` or `x-functions-key`.
        wsgi: the HTTP functions as a WSGI app.
    """

    def __init__(
        self,
        app: func.FunctionApp,
        settings: Mapping[str, str] = os.environ,
        *,
        host_json: Mapping[str, Any] | None = None,
    ) -> None:
        """Index the app.

        Args:
            app: the function app; like the real host, this one can index it once only.
            settings: the app settings that bindings refer to. What the functions themselves read from
                the environment is theirs to find there.
            host_json: a parsed host.json; the repository's own if None.

        Raises:
            UnsupportedApp: the app asks for what this host does not play, or for a missing setting.
        """
        config = read_config(json.loads(HOST_JSON.read_text()) if host_json is None else host_json, settings)
        self.url = STEPWISE_URL
        self.function_key = secrets.token_urlsafe(24)
        self._prefix = config.route_prefix
        self._functions = {function.name: function for function in read_functions(app, settings)}
        self._invoker = Invoker()
        self._listeners = [
            QueueListener(function, function.trigger, config=config, call=self._invoker.call)
            for function in self._functions.values()
            if isinstance(function.trigger, QueueTrigger)
        ]
        self._config = config
        self._threads = thread_count(settings)
        self._pool: ThreadPoolExecutor | None = None
        self._pollers: list[QueuePoller] = []
        self.wsgi = HttpFunctions(
            list(self._functions.values()), prefix=self._prefix, key=self.function_key, call=self._call
        )

    @property
    def failures(self) -> list[Failure]:
        """The exceptions that functions let out so far, oldest first."""
        return self._invoker.failures

    def address(self, route: str) -> str:
        """Return the whole URL of an HTTP function, with the function key in it."""
        path = "/".join(part for part in (self.url, self._prefix, route) if part)
        return f"{path}?code={self.function_key}"

    def client(self) -> httpx.Client:
        """Return a client that calls the HTTP functions in this thread, with the function key."""
        return httpx.Client(
            transport=httpx.WSGITransport(app=self.wsgi),
            base_url=STEPWISE_URL,
            headers={"x-functions-key": self.function_key},
        )

    def create_queues(self) -> None:
        """Create the queues that functions listen on, which the infrastructure does in the cloud."""
        for listener in self._listeners:
            listener.create_queue()

    def waiting(self) -> dict[str, int]:
        """Count the messages in each queue that a function listens on, hidden and leased ones too."""
        return {listener.queue: listener.waiting() for listener in self._listeners}

    def drain(self) -> int:
        """Work on visible messages, one by one, until no queue has any; return how many there were.

        Raises:
            RuntimeError: after `RUNAWAY` messages, since functions seem to feed their own queue.
        """
        done = 0
        while step := sum(self._step(listener) for listener in self._listeners):
            done += step
            if done > RUNAWAY:
                raise RuntimeError(f"{done} messages, and there is no end to them: {self.waiting()}")
        return done

    def quiet(self, seconds: float) -> bool:
        """Wait, while live, until no queue shows a message and none is in work; False if it takes too long.

        `seconds` are for each queue. Whoever moves time only then never outruns the machine.
        """
        asked = [(poller, poller.reads_until_idle()) for poller in self._pollers]
        return all(poller.quiet(reads, seconds) for poller, reads in asked)

    def run_timer(self, name: str) -> None:
        """Run a timer function now, in this thread. An exception is recorded, like the host's, not raised."""
        function = self._functions[name]
        if not isinstance(function.trigger, TimerTrigger):
            raise TypeError(f"{name} is not a timer function")
        with contextlib.suppress(Exception):  # the invoker has logged and recorded it
            self._invoker.call(function, TimerRequest(schedule={"AdjustForDST": True}))

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Serve requests and listen on the queues until the block ends; work under way is finished then."""
        with contextlib.ExitStack() as stack:
            stack.callback(setattr, self, "_pool", None)
            self._pool = stack.enter_context(ThreadPoolExecutor(self._threads, "functions"))
            stack.callback(self._pollers.clear)
            for listener in self._listeners:
                self._pollers.append(
                    stack.enter_context(QueuePoller(listener, config=self._config, pool=self._pool))
                )
            self.url = stack.enter_context(serve(self.wsgi))
            stack.callback(setattr, self, "url", STEPWISE_URL)
            yield

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listener in self._listeners:
            listener.close()

    def _call(self, function: Function, request: func.HttpRequest) -> func.HttpResponse:
        answer: func.HttpResponse = (
            self._pool.submit(self._invoker.call, function, request).result()
            if self._pool
            else self._invoker.call(function, request)
        )
        return answer

    def _step(self, listener: QueueListener) -> int:
        messages = listener.receive(1)
        for message in messages:
            listener.process(message)
        return len(messages)
