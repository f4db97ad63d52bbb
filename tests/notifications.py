"""A change notification as Microsoft Graph sends it to the app of a stage."""

from typing import Any

from sandbox.stage import CLIENT_STATE_KEY, TENANT
from shared.graph.protocol.client_state import client_state


def notification(mailbox: str, event: str, **changes: object) -> dict[str, Any]:
    """Return the notification that an event of a mailbox changed, with some properties changed."""
    return {
        "subscriptionId": "22222222-2222-4222-8222-222222222222",
        "subscriptionExpirationDateTime": "2026-11-28T09:00:00Z",
        "clientState": client_state(CLIENT_STATE_KEY, mailbox),
        "tenantId": TENANT,
        "changeType": "updated",
        "resource": f"Users/{mailbox}/Events/{event}",
    } | changes
