"""What Graph's refusals say of a mailbox."""

from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock

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

_MOST_SUSPECTED = 10_000
#: A suspicion that is older than this is no first look any more.
_STALE = timedelta(hours=2)
#: Graph may say 403 and 404 in turns: after so long it does not matter which.
_IN_TURNS = timedelta(minutes=15)


def state_after(error: JoinlinkError) -> MailboxState | None:
    """Return the state in which an error leaves its mailbox, None where it says nothing of the mailbox."""
    if isinstance(error, MailboxFull | SubscriptionLimit):  # these pass
        return None
    if isinstance(error, Forbidden):
        return MailboxState.FORBIDDEN
    return MailboxState.UNUSABLE if isinstance(error, MailboxUnusable) else None


def leaves_no_doubt(error: GraphError) -> bool:
    """Tell whether Graph's code says for sure that the mailbox is shut; a bare 401, 403 or 404 does not."""
    codes = (error.code,)
    return error_codes.is_mailbox_unusable(codes) or error_codes.is_access_denied(codes)


def note_refusal(
    error: JoinlinkError, mailbox: str, mailboxes: Mailboxes, at: datetime, *, anew: bool
) -> JoinlinkError:
    """Note the state of a mailbox that Graph keeps us out of; return the error to act on.

    One answer that leaves doubt is only noted as a suspicion: the same some minutes later decides.

    It is tried again some time after the state began. `anew` lets that time begin again, for that was such a
    try; an event that is refused does not, or a busy mailbox would never be tried. Nor does an event bring a
    mailbox back that was let go.
    """
    state = state_after(error)
    if state is None or not isinstance(error, GraphError):
        return error
    try:
        row = mailboxes.read(mailbox)
        if row.is_ineligible and not anew:
            return error
        if row.state is not state and not leaves_no_doubt(error) and not _is_confirmed(row, state, at):
            return _suspect(error, row, state, mailboxes, at)
        if anew or row.state is not state:
            mailboxes.set_state(mailbox, state, why=error.code, at=at)
    except StorageUnavailable as trouble:
        return trouble
    return error


class Suspicions:
    """The mailboxes that this process suspects. A good read ends that: only two bad ones in a row count.

    Safe to share between threads.
    """

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._lock = Lock()
        self._suspected: set[str] = set()

    def begin(self, mailbox: str) -> None:
        """Remember that there is one."""
        with self._lock:
            if len(self._suspected) >= _MOST_SUSPECTED:
                self._suspected.clear()
            self._suspected.add(mailbox)

    def end(self, mailbox: str) -> None:
        """Note that Graph has served the mailbox since; storage trouble leaves it to end by its age."""
        with self._lock:
            if mailbox not in self._suspected:
                return
            self._suspected.discard(mailbox)
        with suppress(StorageUnavailable):
            self._mailboxes.update(mailbox, suspected_as=None, suspected_since=None)


def _is_confirmed(row: Mailbox, state: MailboxState, at: datetime) -> bool:
    """Tell whether the same was suspected some minutes ago, or one thing and another for longer."""
    if row.suspected_since is None:
        return False
    least = delays.SECOND_READ_DELAY if row.suspected_as == state else _IN_TURNS
    return least <= at - row.suspected_since < _STALE


def _suspect(
    error: GraphError, row: Mailbox, state: MailboxState, mailboxes: Mailboxes, at: datetime
) -> SecondLook:
    since = row.suspected_since
    if since is None or not timedelta(0) <= at - since < _STALE:
        since = at
    if (row.suspected_as, row.suspected_since) != (state, since):
        mailboxes.update(row.id, suspected_as=state, suspected_since=since)
    return SecondLook(str(error))
