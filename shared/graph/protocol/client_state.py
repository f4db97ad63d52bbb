"""clientState: proof without stored state that a notification belongs to one of our subscriptions.

`<mailbox id>.<base64url(HMAC-SHA256(key, mailbox id))>`, 80 of the 128 characters that Graph accepts
(https://learn.microsoft.com/graph/api/resources/subscription). Standard library only: the webhook imports it.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from shared.domain.ids import is_object_id


def client_state(key: str, mailbox: str) -> str:
    """Return the clientState for the subscription of a mailbox (the user's object id)."""
    digest = hmac.digest(key.encode(), mailbox.encode(), "sha256")
    return f"{mailbox}.{urlsafe_b64encode(digest).decode().rstrip('=')}"


def mailbox_of(state: object, keys: Sequence[str]) -> str | None:
    """Return the mailbox that `state` proves under one of `keys`, else None. Compares in constant time.

    Only an object id names a mailbox: under its address it would have another memory and other limits.
    """
    if not isinstance(state, str) or not state.isascii():
        return None
    mailbox = state.partition(".")[0]
    is_proven = [hmac.compare_digest(client_state(key, mailbox).encode(), state.encode()) for key in keys]
    return mailbox if any(is_proven) and is_object_id(mailbox) else None
