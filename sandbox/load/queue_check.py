"""Reads the queue after a run, to find every acknowledged event there."""

from collections.abc import Iterable
from datetime import timedelta

from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from sandbox.stage import Stage
from shared.domain.messages import EVENT_CHANGES, EventChange
from shared.settings import MAX_SETTLE

_PAGE, _LEASE_SECONDS = 32, 7 * 24 * 3600


def missing(stage: Stage, accepted: Iterable[str]) -> set[str]:
    """Return the events that no message names. The app must have stopped, so that it takes no message.

    Every message waits for the settle time, so the clock of storage moves past that first.
    """
    stage.clock.advance(MAX_SETTLE + timedelta(minutes=1))
    with QueueClient.from_connection_string(
        stage.settings["AzureWebJobsStorage"], EVENT_CHANGES, message_decode_policy=TextBase64DecodePolicy()
    ) as queue:
        queued: set[str] = set()
        messages = queue.receive_messages(messages_per_page=_PAGE, visibility_timeout=_LEASE_SECONDS)
        for message in messages:
            queued.update(change.event for change in EventChange.decode(message.content).split())
    return set(accepted) - queued
