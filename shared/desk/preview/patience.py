"""Waits as long as Graph asks, for all calls of one mailbox together, and ends if the preview stops."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from shared.errors import GraphPaused, GraphUnavailable, NotConnected, Throttled

#: how long one mailbox may wait for Graph in all; after that it is left for a later run
MOST = timedelta(minutes=15)
_SHORTEST_WAIT = timedelta(seconds=1)
_BETWEEN_TRIES = timedelta(seconds=5)

Answer = TypeVar("Answer")


class Patience:
    """The patience of one mailbox; `wait` waits, or raises to stop."""

    def __init__(self, wait: Callable[[timedelta], None]) -> None:
        self._wait = wait
        self._waited = timedelta(0)

    def call(self, call: Callable[[], Answer]) -> Answer:
        """Return the answer to a call; wait, and call again as long as Graph asks for it.

        Raises:
            GraphError: the call fails, or Graph asks for more than this patience.
        """
        while True:
            self._wait(timedelta(0))  # ends here if the preview stops
            try:
                return call()
            except (Throttled, GraphPaused) as error:
                wait = max(error.retry_after, _SHORTEST_WAIT)
                self._waited += wait
                if self._waited > MOST:
                    raise
                self._wait(wait)

    def call_often(self, call: Callable[[int], Answer], failures: int) -> Answer:
        """Return the answer to a call that may fail so often; it gets the number of failures before it.

        Raises:
            GraphError: as `call`.
        """
        for number in range(failures):
            try:
                return self.call(partial(call, number))
            except NotConnected:
                raise
            except GraphUnavailable:
                self._wait(_BETWEEN_TRIES)
        return self.call(partial(call, failures))
