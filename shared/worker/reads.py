"""Which events this process has read lately, so that copies of a notification end without a Graph call."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

#: The webhook's clock, on another instance, may be a little ahead of ours.
CLOCK_SKEW = timedelta(seconds=2)
_REMEMBERED = 20_000


class RecentReads:
    """Remembers when the last read of an event began, for the last 20,000 events."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._started: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    def note(self, mailbox: str, event: str, started: datetime) -> None:
        """Note that a read that began at `started` was carried through to an answer."""
        with self._lock:
            self._started[mailbox, event] = started
            self._started.move_to_end((mailbox, event))
            while len(self._started) > _REMEMBERED:
                self._started.popitem(last=False)

    def since(self, mailbox: str, event: str, received: datetime) -> bool:
        """Tell whether a read began surely after `received`: then it saw what we were told of."""
        with self._lock:
            started = self._started.get((mailbox, event))
        return started is not None and started > received + CLOCK_SKEW
