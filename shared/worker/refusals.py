"""What Graph's refusals say of a mailbox."""

from datetime import datetime

from shared.errors import Forbidden, GraphError, MailboxUnusable, StorageUnavailable
from shared.storage.mailboxes import Mailboxes, MailboxState

_MARKS = {Forbidden: MailboxState.FORBIDDEN, MailboxUnusable: MailboxState.UNUSABLE}


def note_refusal(
    error: GraphError | StorageUnavailable, mailbox: str, mailboxes: Mailboxes, at: datetime
) -> GraphError | StorageUnavailable:
    """Note the state of a mailbox that Graph keeps us out of; return the error to act on."""
    if isinstance(error, Forbidden | MailboxUnusable):
        try:
            mailboxes.mark(mailbox, _MARKS[type(error)], why=error.code, at=at)
        except StorageUnavailable as trouble:
            return trouble
    return error
