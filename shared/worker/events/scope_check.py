"""Checks whether a change's mailbox is in scope, and notes that its notifications arrive."""

from datetime import datetime, timedelta

from shared.domain.messages import EventChange, Source
from shared.rules.policy import Policy
from shared.storage.mailboxes import Mailboxes
from shared.worker.events.recent_keys import RecentKeys

_INTERVAL = timedelta(hours=1)
#: A write needs a row that was read so recently.
_WRITABLE_FOR = timedelta(minutes=1)
_MAX_MAILBOXES = 20_000


class ScopeCheck:
    """Updates a mailbox's row at most once an hour and reads it, before a write, at most once a minute.

    So most changes need no table call for the mailbox.
    """

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._checked: RecentKeys[str, datetime] = RecentKeys(_MAX_MAILBOXES)
        #: when a row was last read that allows writes; a row that does not is read again
        self._writable: RecentKeys[str, datetime] = RecentKeys(_MAX_MAILBOXES)
        mailboxes.call_after_updates(self._writable.pop)

    def is_in_scope(self, change: EventChange, policy: Policy, now: datetime) -> bool:
        """Return whether the rules apply to the mailbox, as far as Joinlink knows without asking Graph.

        The mailbox may have left the scope within the last hour: ask `is_out_of_scope` before a write.

        Raises:
            StorageUnavailable: the row could not be read or written.
        """
        if policy.mailboxes.excludes_user(change.mailbox):
            return False
        if _is_recent(self._checked.get(change.mailbox), now, _INTERVAL):
            return True
        row = self._mailboxes.read(change.mailbox)
        # A row is deleted long after its mailbox left, and an old message may be replayed even then.
        if row.is_read_only or (change.source is Source.REPLAY and row.is_unknown):
            return False  # not remembered: a mailbox that comes back must not wait for an hour
        if change.source is Source.NOTIFICATION:
            # The webhook's clock may be ahead, but no notification comes from the future.
            self._mailboxes.update(change.mailbox, last_notification=min(change.received, now))
            self._checked.set(change.mailbox, now)
        self._writable.set(change.mailbox, now)
        return True

    def is_out_of_scope(self, mailbox: str, now: datetime) -> bool:
        """Return whether the row, as it was at most a minute ago, keeps Joinlink from writing in the mailbox.

        The mailbox left the scope, is held, or this version can't read its row. What this process changed in
        the row counts at once.

        Raises:
            StorageUnavailable: the row could not be read.
        """
        if _is_recent(self._writable.get(mailbox), now, _WRITABLE_FOR):
            return False
        if self._mailboxes.read(mailbox).is_read_only:
            return True
        self._writable.set(mailbox, now)
        return False


def _is_recent(moment: datetime | None, now: datetime, interval: timedelta) -> bool:
    # After the clock was set back, a time in the future must not extend the interval.
    return moment is not None and moment <= now < moment + interval
