"""Which events this process has read lately, so that copies of a notification end without a Graph call.

Only the services' moments are compared: when a message was first queued, and when the host took the message
that the event was read for (or Graph's Date of the read, where the host does not say). The change came
before the first and the read after the second, so a read for a message that was taken after another one was
queued has seen the change of both. The clocks of the webhook and of the worker are not asked.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock

#: The service tells whole seconds, and another of its machines may take a queue over.
MARGIN = timedelta(seconds=2)
_REMEMBERED = 20_000
#: how far Graph's clock and the queue service's may differ
_SERVICES_APART = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class AnsweredRead:
    """A read that answered for these event ids; `after` is the moment before it if not the message's own."""

    events: frozenset[str]
    after: datetime | None = None


class RecentReads:
    """Remembers after which moment an event was read last, for the last 20,000 events."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    def note(self, mailbox: str, read: AnsweredRead, taken: datetime | None) -> None:
        """Note a read that was carried through to an answer for a message that the host took at `taken`."""
        if taken is None:
            return
        with self._lock:
            for event in read.events:
                key = mailbox, event
                self._taken[key] = max(taken, self._taken.get(key, taken))
                self._taken.move_to_end(key)
            while len(self._taken) > _REMEMBERED:
                self._taken.popitem(last=False)

    def forget(self, mailbox: str, read: AnsweredRead) -> None:
        """Forget a read: what came of it could not be carried on."""
        with self._lock:
            for event in read.events:
                self._taken.pop((mailbox, event), None)

    def last(self, mailbox: str, event: str) -> datetime | None:
        """Return the moment after which the event was read last; None if that is not known."""
        with self._lock:
            return self._taken.get((mailbox, event))

    def since(self, mailbox: str, event: str, queued: datetime | None) -> bool:
        """Tell whether a read began for sure after a message was `queued`: then it saw the change."""
        taken = self.last(mailbox, event)
        return taken is not None and queued is not None and taken > queued + MARGIN


def earliest_start(date: str, elapsed: timedelta) -> datetime | None:
    """Return a moment before which no read began, from the Date of Graph's last answer and the time in all.

    None where Graph says no Date.
    """
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) - max(elapsed, timedelta(0)) - _SERVICES_APART
