"""What Graph's refusals say: of a write, and of a mailbox."""

from datetime import datetime
from http import HTTPStatus

from shared.errors import (
    Forbidden,
    GraphError,
    GraphUnavailable,
    JoinlinkError,
    MailboxUnusable,
    StorageUnavailable,
    UnexpectedAnswer,
)
from shared.storage.mailboxes import Mailboxes, MailboxState

_MARKS = {Forbidden: MailboxState.FORBIDDEN, MailboxUnusable: MailboxState.UNUSABLE}


def is_refusal(error: GraphError) -> bool:
    """Tell whether a write was surely not made; else what came of it is not known."""
    if isinstance(error, UnexpectedAnswer):  # it may be the answer to a write that was made
        return error.status is not None and error.status >= HTTPStatus.BAD_REQUEST
    return not isinstance(error, GraphUnavailable) and error.status != HTTPStatus.GATEWAY_TIMEOUT


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
