"""One deadline for all that is done for a message: every call gives up when it is over.

A message that takes longer than a minute holds a thread that others need, and Azure ends the whole worker
after `functionTimeout`. So the handler opens a deadline once, and each way to the outside (Graph, tables,
queues, blobs, tokens) asks here how long it may take.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from shared.errors import OutOfTime

#: one message, all calls and retries together
MESSAGE = timedelta(seconds=60)

_ends: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(limit: timedelta) -> Iterator[None]:
    """Let whatever runs inside, in this thread, take so long in all; an outer deadline still holds."""
    end = time.monotonic() + limit.total_seconds()
    outer = _ends.get()
    token = _ends.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _ends.reset(token)


def seconds_left(at_most: float) -> float:
    """Return how many seconds the next call may take: `at_most`, or what is left if that is less.

    Raises:
        OutOfTime: nothing is left.
    """
    end = _ends.get()
    if end is None:
        return at_most
    left = end - time.monotonic()
    if left <= 0:
        raise OutOfTime("the time for this message is over")
    return min(at_most, left)
