"""One stray answer condemns nobody: what speaks against a mailbox counts when a second answer agrees.

A 404, 401 or 403 comes from a mailbox that is well, too: while it moves, on a later page of its calendar,
from a proxy. Only some of Graph's codes leave no doubt.
"""

from datetime import datetime, timedelta

from shared.errors import Forbidden, GraphError, MailboxFull, MailboxUnusable, SubscriptionLimit
from shared.storage.mailboxes import Mailbox, MailboxState

#: when the second answer is asked for, how long after the first it must come at least, and at most
LOOK_AGAIN = timedelta(minutes=5)
_APART = timedelta(minutes=3)
_STALE = timedelta(hours=3)
_BEYOND_DOUBT = frozenset(
    {
        "mailboxnotenabledforrestapi",
        "mailboxnotsupportedforrestapi",
        "restapinotenabledforcomponentsharedmailbox",
        "errorinvaliduser",
    }
)


def accused_as(error: Exception) -> MailboxState | None:
    """Return the state that an error speaks for, None where it says nothing of the mailbox as a whole."""
    if isinstance(error, MailboxFull | SubscriptionLimit):
        return None
    if isinstance(error, Forbidden):
        return MailboxState.FORBIDDEN
    return MailboxState.UNUSABLE if isinstance(error, MailboxUnusable) else None


def is_beyond_doubt(error: GraphError) -> bool:
    """Tell whether Graph's code says that there is no mailbox to serve, once and for all."""
    return isinstance(error, MailboxUnusable) and error.code.lower() in _BEYOND_DOUBT


def is_sure(error: GraphError, state: MailboxState, row: Mailbox, now: datetime) -> bool:
    """Tell whether this answer counts: Graph's code leaves no doubt, or it has said so minutes before."""
    if is_beyond_doubt(error) or row.state is state:
        return True
    since = row.suspected_since if row.suspected_as == state else None
    return since is not None and _APART <= now - since <= _STALE
