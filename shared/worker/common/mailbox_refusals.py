"""Records in a mailbox's row that Graph refuses access to it.

A single answer proves nothing unless its code does. So a doubtful answer is only recorded as a suspicion, and
another one some minutes later confirms it.
"""

from datetime import datetime, timedelta

from shared.errors import (
    Forbidden,
    GraphError,
    JoinlinkError,
    MailboxFull,
    MailboxUnusable,
    SecondLook,
    StorageUnavailable,
    SubscriptionLimit,
)
from shared.graph.protocol import error_codes
from shared.storage.mailboxes import Mailbox, Mailboxes, MailboxState
from shared.worker.common import delays

#: An older suspicion no longer counts as the first of two answers.
_SUSPICION_EXPIRES = timedelta(hours=2)
#: Graph may alternate between 403 and 404. After this time it does not matter which one comes.
_MIXED_ANSWERS_CONFIRM = timedelta(minutes=15)


def state_after(error: JoinlinkError) -> MailboxState | None:
    """Return the mailbox's state that an error means, None if it says nothing about the mailbox."""
    if isinstance(error, MailboxFull | SubscriptionLimit):  # temporary
        return None
    if isinstance(error, Forbidden):
        return MailboxState.FORBIDDEN
    return MailboxState.UNUSABLE if isinstance(error, MailboxUnusable) else None


def is_certain(error: GraphError) -> bool:
    """Return whether Graph's code proves that access is refused; a 401, 403 or 404 without one does not."""
    codes = (error.code,)
    return error_codes.is_mailbox_unusable(codes) or error_codes.is_access_denied(codes)


def record_refusal(
    error: JoinlinkError, mailbox: str, mailboxes: Mailboxes, at: datetime, *, by_task: bool
) -> JoinlinkError:
    """Record the state that an error means for its mailbox; return the error to act on.

    That is `SecondLook` if the answer is doubtful and must be confirmed, or StorageUnavailable if the row
    can't be read or written. `by_task`: the error is a task's, not an event's. A task is the regular try to
    use the mailbox again, so it restarts the time until the next try. An event does not, or a mailbox with
    many events would never be tried. Nor does an event change the row of a mailbox that left the scope.
    """
    state = state_after(error)
    if state is None or not isinstance(error, GraphError):
        return error
    try:
        row = mailboxes.read(mailbox)
        if row.is_ineligible and not by_task:
            return error
        if row.state is not state and not is_certain(error) and not _is_confirmed(row, state, at):
            return _suspect(error, row, state, mailboxes, at)
        if by_task or row.state is not state:
            mailboxes.set_state(mailbox, state, why=error.code, at=at)
    except StorageUnavailable as storage_error:
        return storage_error
    return error


def _is_confirmed(row: Mailbox, state: MailboxState, at: datetime) -> bool:
    """Return whether the same state was suspected some minutes ago, or another one for longer."""
    if row.suspected_since is None:
        return False
    age = delays.SECOND_READ_DELAY if row.suspected_as == state else _MIXED_ANSWERS_CONFIRM
    return age <= at - row.suspected_since < _SUSPICION_EXPIRES


def _suspect(
    error: GraphError, row: Mailbox, state: MailboxState, mailboxes: Mailboxes, at: datetime
) -> SecondLook:
    since = row.suspected_since
    if since is None or not timedelta(0) <= at - since < _SUSPICION_EXPIRES:
        since = at
    if (row.suspected_as, row.suspected_since) != (state, since):
        mailboxes.update(row.id, suspected_as=state, suspected_since=since)
    return SecondLook(str(error))
