"""Builds the webhook. Its modules are light: they are imported before Graph's first call is answered."""

import time
from typing import TYPE_CHECKING

from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.wiring.parts import Parts
from shared.worker.webhook.webhook import Webhook

if TYPE_CHECKING:
    from shared.storage.queues import MessageQueue

#: Graph waits for three seconds, so a send to the queue may not take as long as other calls of storage.
CONNECT_SECONDS = 1
SEND_SECONDS = 2


def build_webhook(parts: Parts) -> Webhook:
    """Return the webhook. Raises SettingsError."""
    settings = parts.process.settings
    webhook = Webhook(
        world=parts.process.world,
        changes=lambda: _queue(parts, EVENT_CHANGES),
        tasks=lambda: _queue(parts, MAILBOX_TASKS),
        keys=settings.client_state_keys,
        tenant_id=settings.tenant_id,
        settle=settings.settle,
        clock=time.monotonic,
    )
    parts.process.close_at_end(webhook.close)
    return webhook


def _queue(parts: Parts, name: str) -> "MessageQueue":
    """Return a queue with connections and timeouts of its own."""
    from shared.storage.connection import Timeouts
    from shared.worker.webhook.sender_pool import MAX_SENDERS

    timeouts = Timeouts(connect=CONNECT_SECONDS, answer=SEND_SECONDS, retry_after=0, connections=MAX_SENDERS)
    return parts.storage.queue(name, timeouts)
