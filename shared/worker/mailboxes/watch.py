"""How well a mailbox is watched, in one word."""

from datetime import datetime
from enum import StrEnum

from shared.storage.mailboxes import Mailbox, MailboxState


class Watch(StrEnum):
    """Each mailbox counts under one of these."""

    WATCHED = "watched"
    #: in scope, and its subscription is still to be made
    UNWATCHED = "unwatched"
    #: its subscription has ended and was not renewed
    EXPIRED = "expired"
    UNUSABLE = "unusable"
    FORBIDDEN = "forbidden"
    #: it has left the scope
    REMOVED = "removed"
    #: its row is to be left alone
    UNCLEAR = "unclear"


def watch_of(row: Mailbox, now: datetime) -> Watch:
    """Return how well a mailbox is watched."""
    if row.unclear:
        return Watch.UNCLEAR
    if row.state and row.state is not MailboxState.ACTIVE:
        return Watch(row.state.value)
    if not row.subscription:
        return Watch.UNWATCHED
    return Watch.EXPIRED if row.expires and row.expires <= now else Watch.WATCHED
