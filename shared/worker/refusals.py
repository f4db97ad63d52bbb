"""What Graph's refusals say of a mailbox."""

from datetime import datetime

from shared.errors import Forbidden, JoinlinkError, MailboxUnusable, StorageUnavailable
from shared.storage.mailboxes import Mailboxes, MailboxState

_MARKS = {Forbidden: MailboxState.FORBIDDEN, MailboxUnusable: MailboxState.UNUSABLE}


def note_refusal(
    error: JoinlinkError, mailbox: str, mailboxes: Mailboxes, at: datetime, *, anew: bool
) -> JoinlinkError:
    """Note the state of a mailbox that Graph keeps us out of; return the error to act on.

    It is tried again some time after the state began. `anew` lets that time begin again, for that was such a
    try; an event that is refused does not, or a busy mailbox would never be tried.
    """
    if isinstance(error, Forbidden | MailboxUnusable):
        state = _MARKS[type(error)]
        try:
            if anew or mailboxes.state(mailbox) is not state:
                mailboxes.mark(mailbox, state, why=error.code, at=at)
        except StorageUnavailable as trouble:
            return trouble
    return error
