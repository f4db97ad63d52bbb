"""One deadline for all work on a message: every call gives up when it passes.

A message that takes longer than a minute keeps a thread from others, and Azure ends the whole worker after
`functionTimeout`. So the handler sets a deadline once, and every call to Graph, tables, queues, blobs and the
token service asks here how long it may take.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from shared.errors import OutOfTime

#: for one message, all calls and retries together; the rest of a minute is for threads that wake up late
MESSAGE_TIMEOUT = timedelta(seconds=59)
#: the end of it: to send the message again, or to move it to the poison queue
ENDING_TIMEOUT = timedelta(seconds=10)

_ends: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(limit: timedelta) -> Iterator[None]:
    """Limit the time of the block, in this thread; an outer deadline still applies."""
    end = time.monotonic() + limit.total_seconds()
    outer = _ends.get()
    token = _ends.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _ends.reset(token)


def seconds_left(at_most: float) -> float:
    """Return how many seconds the next call may take: `at_most`, or the time left if that is less.

    Raises:
        OutOfTime: no time is left.
    """
    end = _ends.get()
    if end is None:
        return at_most
    left = end - time.monotonic()
    if left <= 0:
        raise OutOfTime("the deadline of this message has passed")
    return min(at_most, left)
