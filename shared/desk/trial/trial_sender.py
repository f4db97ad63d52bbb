"""Sends the calls of a trial: a write once, a read or a deletion again if that may help."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared.desk.trial.waiting import Waiting
from shared.errors import GraphUnavailable, Throttled
from shared.graph.protocol.call import GraphCall
from shared.graph.sender import Tally

_TRIES = 4
_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=1)

Send = Callable[[GraphCall, Tally], dict[str, Any]]


class TrialSender:
    """Sends calls and counts them in `tally`. Every method raises GraphError."""

    def __init__(self, send: Send, waiting: Waiting) -> None:
        self.tally = Tally()
        self.waiting = waiting
        self._send = send

    def once(self, call: GraphCall) -> dict[str, Any]:
        """Send a call, and return the answer's JSON object."""
        return self._send(call, self.tally)

    def patiently(self, call: GraphCall) -> dict[str, Any]:
        """Send a call that may be sent again: wait where Graph throttles it or does not answer."""
        for _ in range(_TRIES - 1):
            try:
                return self.once(call)
            except Throttled as error:
                self.waiting.pause(min(error.retry_after, _LONGEST_WAIT))
            except GraphUnavailable:
                self.waiting.pause(_WAIT)
        return self.once(call)
