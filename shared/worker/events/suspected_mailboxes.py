"""Clears the suspicion against a mailbox after Graph has served it: only two refusals in a row count."""

from contextlib import suppress

from shared.errors import StorageUnavailable
from shared.storage.mailboxes import Mailboxes
from shared.worker.events.recent_keys import RecentKeys

_MAX_MAILBOXES = 10_000


class SuspectedMailboxes:
    """The mailboxes that this process suspects (`mailbox_refusals`). Threads may share it."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._suspected: RecentKeys[str, bool] = RecentKeys(_MAX_MAILBOXES)

    def add(self, mailbox: str) -> None:
        """Remember that a mailbox is suspected."""
        self._suspected.set(mailbox, value=True)

    def clear(self, mailbox: str) -> None:
        """Clear the suspicion in the mailbox's row; if storage fails, the suspicion ends by its age."""
        if self._suspected.pop(mailbox):
            with suppress(StorageUnavailable):
                self._mailboxes.update(mailbox, suspected_as=None, suspected_since=None)
