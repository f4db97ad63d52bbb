"""Classifies how well a mailbox is watched."""

from datetime import datetime
from enum import StrEnum

from shared.domain.decision import Reason
from shared.storage.mailboxes import Mailbox, MailboxState


class Coverage(StrEnum):
    """How well a mailbox is watched; each mailbox has exactly one."""

    WATCHED = "watched"
    #: in scope, without a subscription so far
    UNWATCHED = "unwatched"
    #: its subscription has expired
    EXPIRED = "expired"
    UNUSABLE = "unusable"
    #: other deployments of the app registration have all subscriptions that Graph allows
    TAKEN = "taken"
    FORBIDDEN = "forbidden"
    #: it has left the scope
    REMOVED = "removed"
    #: Joinlink must not touch its row
    UNCLEAR = "unclear"


#: A renewal is late when this share of the time for it, the second half of a subscription's life, is left: of
#: seven days, half a day.
_LAST_SHARE = 1 / 7


def is_lapsing(row: Mailbox, now: datetime) -> bool:
    """Return whether a subscription was not renewed and will expire soon, for its length."""
    if row.expires is None or row.renew_at is None:
        return False
    return row.expires - now < (row.expires - row.renew_at) * _LAST_SHARE


def coverage_of(row: Mailbox, now: datetime) -> Coverage:
    """Return how well a mailbox is watched."""
    if row.unclear:
        return Coverage.UNCLEAR
    if row.state is MailboxState.UNUSABLE and row.why == Reason.OTHER_DEPLOYMENT:
        return Coverage.TAKEN
    if row.state and row.state is not MailboxState.ACTIVE:
        return Coverage(row.state.value)
    if not row.subscription:
        return Coverage.UNWATCHED
    return Coverage.EXPIRED if row.expires and row.expires <= now else Coverage.WATCHED
