"""What the worker sees of a mailbox in passing: that notifications come, and whether it is still in scope."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from shared.domain.messages import EventChange, Source
from shared.rules.policy import Policy
from shared.storage.mailboxes import Mailboxes

_EVERY = timedelta(hours=1)
_REMEMBERED = 20_000


class ScopeCheck:
    """Looks at a mailbox's row once an hour, so that events cost next to nothing by it."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._lock = Lock()
        self._looked: OrderedDict[str, datetime] = OrderedDict()

    def is_in_scope(self, change: EventChange, policy: Policy, now: datetime) -> bool:
        """Tell whether the rules are for the mailbox, as far as that is known without asking Graph.

        It may have left the scope within the last hour: `was_let_go` knows for sure.

        Raises:
            StorageUnavailable: the row could not be read or written.
        """
        if policy.mailboxes.excludes_user(change.mailbox):
            return False
        if self._was_looked_at(change.mailbox, now):
            return True
        if self.was_let_go(change.mailbox):
            return False  # looked at again each time: who comes back shall not wait for an hour
        if change.source is Source.NOTIFICATION:
            # The webhook's clock may be ahead, and nobody is notified in the future.
            self._mailboxes.update(change.mailbox, last_notification=min(change.received, now))
            self._remember(change.mailbox, now)
        return True

    def was_let_go(self, mailbox: str) -> bool:
        """Tell by the row as it is now whether the mailbox is outside the scope, or its row to be left alone.

        Raises:
            StorageUnavailable: the row could not be read.
        """
        return self._mailboxes.read(mailbox).is_read_only

    def _was_looked_at(self, mailbox: str, now: datetime) -> bool:
        with self._lock:
            looked = self._looked.get(mailbox)
        # A clock that was set back must not make the hour longer.
        return looked is not None and looked <= now < looked + _EVERY

    def _remember(self, mailbox: str, now: datetime) -> None:
        with self._lock:
            self._looked[mailbox] = now
            self._looked.move_to_end(mailbox)
            while len(self._looked) > _REMEMBERED:
                self._looked.popitem(last=False)
