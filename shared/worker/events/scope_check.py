"""Checks whether a change's mailbox is in scope, and notes that its notifications arrive."""

from datetime import datetime, timedelta

from shared.domain.messages import EventChange, Source
from shared.rules.policy import Policy
from shared.storage.mailboxes import Mailboxes
from shared.worker.events.recent_keys import RecentKeys

_INTERVAL = timedelta(hours=1)
_MAX_MAILBOXES = 20_000


class ScopeCheck:
    """Reads and updates a mailbox's row at most once an hour, so that most changes need no table call."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._checked: RecentKeys[str, datetime] = RecentKeys(_MAX_MAILBOXES)

    def is_in_scope(self, change: EventChange, policy: Policy, now: datetime) -> bool:
        """Return whether the rules apply to the mailbox, as far as Joinlink knows without asking Graph.

        The mailbox may have left the scope within the last hour: `is_out_of_scope` reads the row again.

        Raises:
            StorageUnavailable: the row could not be read or written.
        """
        if policy.mailboxes.excludes_user(change.mailbox):
            return False
        if self._was_checked(change.mailbox, now):
            return True
        row = self._mailboxes.read(change.mailbox)
        # A row is deleted long after its mailbox left, and an old message may be replayed even then.
        if row.is_read_only or (change.source is Source.REPLAY and row.is_unknown):
            return False  # not remembered: a mailbox that comes back must not wait for an hour
        if change.source is Source.NOTIFICATION:
            # The webhook's clock may be ahead, but no notification comes from the future.
            self._mailboxes.update(change.mailbox, last_notification=min(change.received, now))
            self._checked.set(change.mailbox, now)
        return True

    def is_out_of_scope(self, mailbox: str) -> bool:
        """Return whether the row, as it is now, keeps Joinlink from writing in the mailbox.

        The mailbox left the scope, is held, or this version can't read its row.

        Raises:
            StorageUnavailable: the row could not be read.
        """
        return self._mailboxes.read(mailbox).is_read_only

    def _was_checked(self, mailbox: str, now: datetime) -> bool:
        checked = self._checked.get(mailbox)
        # After the clock was set back, a time in the future must not extend the hour.
        return checked is not None and checked <= now < checked + _INTERVAL
