"""Which events this process has read recently, so that copies of a notification end without a Graph call.

Only the services' times are compared: when a message was first queued, and when the host dequeued the message
that the event was read for (or the Date of Graph's answer, if the host does not report it). The change came
before the first, and the read came after the second. So a read for a message that was dequeued after another
message was queued has seen the changes of both. The clocks of the webhook and the worker are not used.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.worker.common.ending import AnsweredRead
from shared.worker.events.recent_keys import RecentKeys

#: The queue service reports whole seconds, and another of its machines may take over a queue.
MARGIN = timedelta(seconds=2)
_MAX_EVENTS = 20_000
#: how much Graph's clock and the queue service's clock may differ
_CLOCK_DIFFERENCE = timedelta(seconds=5)


class RecentReads:
    """The time after which each of the last 20,000 events was read; safe to share between threads."""

    def __init__(self) -> None:
        self._taken: RecentKeys[tuple[str, str], datetime] = RecentKeys(_MAX_EVENTS)

    def note(self, mailbox: str, read: AnsweredRead, taken: datetime | None) -> None:
        """Note a read that answered a message which the host dequeued at `taken`; None if that is unknown."""
        if taken is None:
            return
        for event in read.events:
            # If another thread notes this event meanwhile, a time may get lost. Then the event is read again.
            self._taken.set((mailbox, event), max(taken, self.last(mailbox, event) or taken))

    def forget(self, mailbox: str, read: AnsweredRead) -> None:
        """Forget a read, because the ending of its message could not be carried out."""
        for event in read.events:
            self._taken.pop((mailbox, event))

    def last(self, mailbox: str, event: str) -> datetime | None:
        """Return the time after which the event was last read, None if that is unknown."""
        return self._taken.get((mailbox, event))

    def since(self, mailbox: str, event: str, queued: datetime | None) -> bool:
        """Return whether a read certainly began after a message was `queued`: then it saw the change."""
        return has_seen(self.last(mailbox, event), queued)


def has_seen(taken: datetime | None, queued: datetime | None) -> bool:
    """Return whether a read for a message dequeued at `taken` certainly saw a change `queued` before."""
    return taken is not None and queued is not None and taken > queued + MARGIN


def earliest_start(date: str, elapsed: timedelta) -> datetime | None:
    """Return a time before which no read began, None if `date` is not a date.

    `date` is the Date header of Graph's last answer, `elapsed` the time that all reads took.
    """
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) - max(elapsed, timedelta(0)) - _CLOCK_DIFFERENCE
