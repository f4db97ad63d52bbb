"""Checks whether a mailbox is still in scope, and records that notifications arrive for it."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from shared.domain.messages import EventChange, Source
from shared.rules.policy import Policy
from shared.storage.mailboxes import Mailboxes

_INTERVAL = timedelta(hours=1)
_MAX_REMEMBERED = 20_000


class ScopeCheck:
    """Reads the row of a mailbox at most once an hour, so that the check costs events almost nothing."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._lock = Lock()
        self._checked: OrderedDict[str, datetime] = OrderedDict()

    def is_in_scope(self, change: EventChange, policy: Policy, now: datetime) -> bool:
        """Return whether the mailbox was in scope within the last hour, as far as rules and its row show.

        `is_out_of_scope` reads the row as it is now.

        Raises:
            StorageUnavailable: the row could not be read or written.
        """
        if policy.mailboxes.excludes_user(change.mailbox):
            return False
        if self._was_checked(change.mailbox, now):
            return True
        if self.is_out_of_scope(change.mailbox):
            return False  # not remembered: a mailbox that comes back into scope does not wait for an hour
        if change.source is Source.NOTIFICATION:
            # The webhook's clock may be ahead; the row never shows a time in the future.
            self._mailboxes.update(change.mailbox, last_notification=min(change.received, now))
            self._remember(change.mailbox, now)
        return True

    def is_out_of_scope(self, mailbox: str) -> bool:
        """Return whether the row, as it is now, keeps Joinlink from writing in the mailbox.

        The mailbox left the scope, is held, or this version can't read its row.

        Raises:
            StorageUnavailable: the row could not be read.
        """
        return self._mailboxes.read(mailbox).is_read_only

    def _was_checked(self, mailbox: str, now: datetime) -> bool:
        with self._lock:
            checked = self._checked.get(mailbox)
        # If the clock was set back, `checked` may be in the future: then it does not count.
        return checked is not None and checked <= now < checked + _INTERVAL

    def _remember(self, mailbox: str, now: datetime) -> None:
        with self._lock:
            self._checked[mailbox] = now
            self._checked.move_to_end(mailbox)
            while len(self._checked) > _MAX_REMEMBERED:
                self._checked.popitem(last=False)
