"""Counts the changes that notifications missed and a sweep found.

A sweep reads many events at once. Graph does not return there when an event was changed (`$select` does not
support `lastModifiedDateTime` in a calendar view). So the worker counts, by its own read of the single event.
"""

from contextlib import suppress
from datetime import timedelta

from shared.domain.event import Event
from shared.domain.messages import EventChange
from shared.errors import OutOfTime, StorageUnavailable
from shared.logs import logger
from shared.storage.mailboxes import Mailboxes
from shared.worker.events.event_read import EventRead

#: Graph's clock and those of our instances may differ by this much.
_CLOCK_TOLERANCE = timedelta(minutes=1)


class MissedChanges:
    """Logs each change that was missed, and notes it for the mailbox."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes

    def note(self, read: EventRead) -> None:
        """Note that Joinlink writes to an event as it was read, if no notification led to that."""
        change = read.change
        # A row says that an earlier message found the event.
        if read.stored.meeting is not None or not was_missed(change, read.event):
            return
        assert change.watched
        logger().info(
            "event.missed",
            mailbox=change.mailbox,
            event_id=read.event.id,
            trace=change.trace,
            changed=read.event.last_modified,
        )
        with suppress(StorageUnavailable, OutOfTime):  # the write to the event is what counts
            self._mailboxes.update(change.mailbox, missed_since=change.watched[0])


def was_missed(change: EventChange, event: Event) -> bool:
    """Return whether notifications should have reported the event's last change before a sweep found it."""
    if change.watched is None or event.last_modified is None:
        return False
    since, until = change.watched
    return since + _CLOCK_TOLERANCE < event.last_modified <= until
