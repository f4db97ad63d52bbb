"""clientState: stateless proof that a notification belongs to a subscription that we made.

`<mailbox id>.<base64url(HMAC-SHA256(key, mailbox id))>`, 80 characters of the 128 that Graph takes
(https://learn.microsoft.com/graph/api/resources/subscription).
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence


def client_state(key: str, mailbox: str) -> str:
    """Return the clientState for the subscription of a mailbox (the user's object id)."""
    digest = hmac.digest(key.encode(), mailbox.encode(), "sha256")
    return f"{mailbox}.{urlsafe_b64encode(digest).decode().rstrip('=')}"


def mailbox_of(state: object, keys: Sequence[str]) -> str | None:
    """Return the mailbox that `state` proves under one of `keys`, else None. Compares in constant time."""
    if not isinstance(state, str) or not state.isascii():
        return None
    mailbox = state.partition(".")[0]
    proven = [hmac.compare_digest(client_state(key, mailbox).encode(), state.encode()) for key in keys]
    return mailbox if mailbox and any(proven) else None
