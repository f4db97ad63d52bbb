"""When messages return that a busy mailbox could not take: one after the other, at the speed of the mailbox.

If they all returned after the same few seconds, a hundred messages would meet at three places again and
again, so that their number would cost its square.
"""

from datetime import datetime, timedelta
from threading import Lock

from shared.worker.events.recent_keys import RecentKeys

#: a queue's delays are whole seconds
_SHORTEST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=10)
#: how long a change takes: the first guess, and the limits of what was measured
_FIRST_DURATION = timedelta(seconds=1)
_SHORTEST_DURATION, _LONGEST_DURATION = timedelta(seconds=0.1), timedelta(seconds=20)
#: the weight of the last change in the mean duration
_WEIGHT = 0.1
#: Only this many lines are remembered.
_MAX_MAILBOXES = 10_000


class MailboxLines:
    """The line of messages of each mailbox; threads may share it. `places` work at the same time."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._lock = Lock()
        self._duration = _FIRST_DURATION
        #: when the last message of each line returns
        self._ends: RecentKeys[str, datetime] = RecentKeys(_MAX_MAILBOXES)

    def note_duration(self, duration: timedelta) -> None:
        """Note how long a change took."""
        duration = min(max(duration, _SHORTEST_DURATION), _LONGEST_DURATION)
        with self._lock:
            self._duration += (duration - self._duration) * _WEIGHT

    def join(self, mailbox: str, now: datetime) -> timedelta:
        """Add a message to the end of the line; return how long it waits, at most 10 minutes."""
        with self._lock:
            end = max(self._ends.get(mailbox) or now, now + _SHORTEST_WAIT)
            # A time far ahead comes from a clock that was set back since.
            end = min(end + self._duration / self._places, now + _LONGEST_WAIT)
            self._ends.set(mailbox, end)
        return end - now
