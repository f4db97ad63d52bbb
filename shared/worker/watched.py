"""What the worker sees of a mailbox in passing: that notifications come, and whether it is still in scope."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from shared.domain.messages import EventChange, Source
from shared.rules.policy import Policy
from shared.storage.mailboxes import Mailboxes

_EVERY = timedelta(hours=1)
_REMEMBERED = 20_000


class Watched:
    """Looks at a mailbox's row once an hour, so that events cost next to nothing by it."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._lock = Lock()
        self._next_look: OrderedDict[str, datetime] = OrderedDict()

    def is_in_scope(self, change: EventChange, policy: Policy, now: datetime) -> bool:
        """Tell whether the rules are for the mailbox, as far as that is known without asking Graph.

        It may have left the scope within the last hour: `was_let_go` knows for sure.

        Raises:
            StorageUnavailable: the row could not be read or written.
        """
        if policy.mailboxes.leaves_out(change.mailbox):
            return False
        with self._lock:
            if now < self._next_look.get(change.mailbox, now):
                return True
        if self.was_let_go(change.mailbox):
            return False  # looked at again each time: who comes back shall not wait for an hour
        if change.source is Source.NOTIFICATION:
            self._mailboxes.note(change.mailbox, last_notification=change.received)
            self._remember(change.mailbox, now)
        return True

    def was_let_go(self, mailbox: str) -> bool:
        """Tell whether the mailbox has left the scope, or is held outside it, by its row as it is now.

        Raises:
            StorageUnavailable: the row could not be read.
        """
        return self._mailboxes.read(mailbox).is_outside

    def _remember(self, mailbox: str, now: datetime) -> None:
        with self._lock:
            self._next_look[mailbox] = now + _EVERY
            self._next_look.move_to_end(mailbox)
            while len(self._next_look) > _REMEMBERED:
                self._next_look.popitem(last=False)
