"""The HTTP functions, queue listeners and timers of one app, for hosts of both kinds."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import Any

from azure.functions.timer import TimerRequest

from sandbox.host.bindings import Function, QueueTrigger, TimerTrigger
from sandbox.host.config import read_config
from sandbox.host.http_functions import HttpFunctions
from sandbox.host.invocation import Call
from sandbox.host.queue_listener import QueueListener
from sandbox.host.queue_poller import QueuePoller


class Triggers:
    """Calls functions by `call` when requests, messages or timers arrive.

    Attributes:
        config: the host's configuration from host.json.
        wsgi: the HTTP functions as a WSGI app.
        listeners: one for each queue function.
    """

    def __init__(
        self,
        functions: Sequence[Function],
        settings: Mapping[str, str],
        *,
        host_json: Mapping[str, Any] | None,
        function_key: str,
        call: Call,
        now: Callable[[], datetime],
    ) -> None:
        self.config = read_config(host_json, settings)
        self.wsgi = HttpFunctions(functions, prefix=self.config.route_prefix, key=function_key, call=call)
        self.listeners = [
            QueueListener(function, function.trigger, config=self.config, call=call, now=now)
            for function in functions
            if isinstance(function.trigger, QueueTrigger)
        ]
        self._timers = {one.name: one for one in functions if isinstance(one.trigger, TimerTrigger)}
        self._call = call
        self._pollers: list[QueuePoller] = []

    def start_polling(self, stack: ExitStack, pool: Executor) -> None:
        """Poll all queues until the stack is closed; messages are processed in the pool."""
        stack.callback(self._pollers.clear)
        for listener in self.listeners:
            poller = QueuePoller(listener, config=self.config, pool=pool)
            self._pollers.append(stack.enter_context(poller))

    def stop_fetching(self) -> None:
        """Fetch no more messages."""
        for poller in self._pollers:
            poller.stop_fetching()

    @property
    def in_progress(self) -> int:
        """How many messages have been fetched and are not finished."""
        return sum(poller.in_progress for poller in self._pollers)

    def quiet(self, seconds: float) -> bool:
        """Wait until no queue has visible messages and none is in progress; False after a timeout.

        `seconds` is the timeout for each queue.
        """
        targets = [(poller, poller.reads_until_idle()) for poller in self._pollers]
        return all(poller.quiet(reads, seconds) for poller, reads in targets)

    def timer(self, name: str) -> Callable[[], None]:
        """Return what runs a timer function; it raises whatever the function raises.

        Raises:
            LookupError: there is no timer function with this name.
        """
        return partial(self._call, self._timers[name], TimerRequest(schedule={"AdjustForDST": True}))
