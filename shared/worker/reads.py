"""Which events this process has read lately, so that copies of a notification end without a Graph call."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

#: The webhook's clock, on another instance, may be a little ahead of ours.
CLOCK_SKEW = timedelta(seconds=2)
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """A read that answered for these event ids; it began at `started`."""

    started: datetime
    events: frozenset[str]


class RecentReads:
    """Remembers when the last read of an event began, for the last 20,000 events."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._started: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    def note(self, mailbox: str, read: Read) -> None:
        """Note a read that was carried through to an answer."""
        with self._lock:
            for event in read.events:
                self._started[mailbox, event] = read.started
                self._started.move_to_end((mailbox, event))
            while len(self._started) > _REMEMBERED:
                self._started.popitem(last=False)

    def forget(self, mailbox: str, read: Read) -> None:
        """Forget a read: what came of it could not be carried on."""
        with self._lock:
            for event in read.events:
                self._started.pop((mailbox, event), None)

    def since(self, mailbox: str, event: str, received: datetime) -> bool:
        """Tell whether a read began surely after `received`: then it saw what we were told of."""
        with self._lock:
            started = self._started.get((mailbox, event))
        return started is not None and started > received + CLOCK_SKEW
