"""Opens a town: while it is open, the product's lines and deadlines belong to it, and MSAL has its clock."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import Context
from datetime import timedelta
from threading import RLock
from types import SimpleNamespace
from typing import Any
from unittest import mock

from msal import individual_cache, managed_identity, token_cache

from sandbox.graph import identity
from sandbox.machine.record import TenantRules
from sandbox.machine.tokens import ENDPOINT
from sandbox.machine.town import Town
from shared import deadline, logs, single_flight
from shared.auth import token_session


class _Lines(logging.Handler):
    """Passes the product's lines to a town."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self._town = town

    def emit(self, record: logging.LogRecord) -> None:
        self._town.note_line(json.loads(record.getMessage()))


class _ThreadAtOnce:
    """Runs a single flight at once, in the thread that starts it: its calls are steps of the job, too.

    So nobody waits in real time. A call that hangs makes its caller wait for the whole time.
    """

    def __init__(self, *, target: Callable[..., object], args: tuple[Any, ...], **_options: object) -> None:
        self._target = target
        self._args = args

    def start(self) -> None:
        """Run to the end, without the deadline of the caller, as a thread of its own does."""
        Context().run(self._target, *self._args)


@contextmanager
def open_town(
    *, honors_if_match: bool = True, stale_for: timedelta = timedelta(0), rules: TenantRules | None = None
) -> Iterator[Town]:
    """Yield a new town. While it is open, the product's lines, threads and clocks belong to it."""
    town = Town(honors_if_match=honors_if_match, stale_for=stale_for, rules=rules or TenantRules())
    product, lines = logging.getLogger("joinlink"), _Lines(town)

    def seconds() -> float:
        return town.now.timestamp()

    clock = SimpleNamespace(monotonic=seconds, time=seconds)
    logs.configure("INFO")
    product.addHandler(lines)
    with ExitStack() as stack:
        for module in (deadline, token_session, identity, individual_cache, managed_identity, token_cache):
            stack.enter_context(mock.patch.object(module, "time", clock))
        stack.enter_context(mock.patch.object(single_flight, "Thread", _ThreadAtOnce))
        stack.enter_context(mock.patch.object(single_flight, "Lock", RLock))
        stack.enter_context(mock.patch.dict(os.environ, ENDPOINT))
        stack.enter_context(mock.patch.object(product, "propagate", new=False))
        try:
            town.start()
            yield town
        finally:
            town.close()
            product.removeHandler(lines)
