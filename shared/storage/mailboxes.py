"""The `mailboxes` table: what we know of each watched mailbox. Spread over 256 partitions by its id."""

from datetime import datetime
from enum import StrEnum

from shared.storage.tables import Table

MAILBOXES = "mailboxes"


class MailboxState(StrEnum):
    """Whether a mailbox can be served."""

    ACTIVE = "active"
    UNUSABLE = "unusable"
    FORBIDDEN = "forbidden"
    REMOVED = "removed"


class Mailboxes:
    """Marks mailboxes; `mailbox` is the user's object id."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def mark(self, mailbox: str, state: MailboxState, *, why: str, at: datetime) -> None:
        """Note the state of a mailbox, with Graph's code as the reason."""
        self._table.merge(mailbox[:2], mailbox, {"state": state.value, "why": why, "state_since": at})

    def state(self, mailbox: str) -> MailboxState | None:
        """Return the state, None for a mailbox that was never marked."""
        row = self._table.read(mailbox[:2], mailbox)
        return MailboxState(row.values["state"]) if row and "state" in row.values else None
