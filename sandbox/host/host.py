"""The host in the caller's process: step by step, or live with threads and a server."""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import azure.functions as func
import httpx

from sandbox.host.bindings import Function, read_functions
from sandbox.host.config import thread_count
from sandbox.host.invocation import Failure, Invoker
from sandbox.host.queue_listener import QueueListener
from sandbox.host.triggers import Triggers
from sandbox.serve import serve

STEPWISE_URL = "https://joinlink.example"
RUNAWAY = 10_000


class Host:
    """The Functions host for one app.

    Step by step, only the called function runs, in the caller's thread:

        with Host(app, settings) as host:
            host.client().post("/api/notifications", json=...)
            host.drain()

    Live, a server and as many threads as in Microsoft's worker handle requests and messages as they arrive:

        with Host(app, settings) as host, host.live():
            httpx.post(host.address("notifications"), json=...)

    Attributes:
        url: the host's base URL without the route prefix; not reachable unless the host is live.
        function_key: the key of functions with auth level `function`, as `?code=` or `x-functions-key`.
        wsgi: the HTTP functions as a WSGI app.
    """

    def __init__(
        self,
        app: func.FunctionApp,
        settings: Mapping[str, str] = os.environ,
        *,
        host_json: Mapping[str, Any] | None = None,
        function_key: str = "",
    ) -> None:
        """Read the functions of an app.

        Args:
            app: the function app; like the real host, this one can read it only once.
            settings: the app settings that bindings refer to. Functions themselves read the environment.
            host_json: a parsed host.json; the repository's own if None.
            function_key: the function key; random if empty.

        Raises:
            UnsupportedApp: the app uses something that this host does not support, or a setting is missing.
        """
        self.url = STEPWISE_URL
        self.function_key = function_key or secrets.token_urlsafe(24)
        self._invoker = Invoker()
        self._threads = thread_count(settings)
        self._pool: ThreadPoolExecutor | None = None
        self._triggers = Triggers(
            read_functions(app, settings),
            settings,
            host_json=host_json,
            function_key=self.function_key,
            call=self._call,
            now=lambda: datetime.now(UTC),
        )
        self.wsgi = self._triggers.wsgi

    @property
    def failures(self) -> list[Failure]:
        """The exceptions that functions raised so far, oldest first."""
        return self._invoker.failures

    def address(self, route: str) -> str:
        """Return the whole URL of an HTTP function, with the function key in it."""
        path = "/".join(part for part in (self.url, self._triggers.config.route_prefix, route) if part)
        return f"{path}?code={self.function_key}"

    def client(self) -> httpx.Client:
        """Return a client that calls the HTTP functions in this thread, with the function key."""
        return httpx.Client(
            transport=httpx.WSGITransport(app=self.wsgi),
            base_url=STEPWISE_URL,
            headers={"x-functions-key": self.function_key},
        )

    def create_queues(self) -> None:
        """Create the queues of queue functions, as the infrastructure does in the cloud."""
        for listener in self._triggers.listeners:
            listener.create_queue()

    def waiting(self) -> dict[str, int]:
        """Count the messages in each queue of a queue function, hidden and leased ones too."""
        return {listener.queue: listener.waiting() for listener in self._triggers.listeners}

    def drain(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Process visible messages, one by one, until there are no more; return how many there were.

        After each, it ends if `is_stopping`.

        Raises:
            RuntimeError: after `RUNAWAY` messages; probably a function sends messages to its own queue.
        """
        done = 0
        while step := sum(_process_one(listener) for listener in self._triggers.listeners):
            done += step
            if is_stopping():
                break
            if done > RUNAWAY:
                raise RuntimeError(f"{done} messages were processed, and there are more: {self.waiting()}")
        return done

    def quiet(self, seconds: float) -> bool:
        """Wait, while live, until all visible messages are processed; see `Triggers.quiet`.

        Move the clock only after that, so that it does not run ahead of the work.
        """
        return self._triggers.quiet(seconds)

    def run_timer(self, name: str) -> None:
        """Run a timer function. An exception is logged and recorded, as in the real host.

        Raises:
            LookupError: there is no timer function with this name.
        """
        timer = self._triggers.timer(name)
        with contextlib.suppress(Exception):
            timer()

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Serve requests and poll the queues until the block ends; running calls are finished then."""
        with contextlib.ExitStack() as stack:
            stack.callback(setattr, self, "_pool", None)
            self._pool = stack.enter_context(ThreadPoolExecutor(self._threads, "functions"))
            self._triggers.start_polling(stack, self._pool)
            self.url = stack.enter_context(serve(self.wsgi))
            stack.callback(setattr, self, "url", STEPWISE_URL)
            yield

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listener in self._triggers.listeners:
            listener.close()

    def _call(self, function: Function, value: Any) -> Any:
        """Call a function; HTTP functions of a live host run in the pool, as messages already do."""
        if self._pool and isinstance(value, func.HttpRequest):
            return self._pool.submit(self._invoker.call, function, value).result()
        return self._invoker.call(function, value)


def _process_one(listener: QueueListener) -> int:
    messages = listener.receive(1)
    for message in messages:
        listener.process(message)
    return len(messages)
