"""The storage account of a run: its queues, and what is in queues and tables at the end.

It shares no code with the product.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

_QUEUES = ("event-changes", "mailbox-tasks")
_MEETINGS, _POISON = "meetings", "-poison"
_HASH = re.compile(r"[0-9a-f]{64}")
_PAGE, _HIDDEN_SECONDS = 32, 3600


def create_queues(storage: str) -> None:
    """Create the queues, as the infrastructure does in the cloud."""
    for name in _QUEUES:
        with QueueClient.from_connection_string(storage, name) as queue:
            queue.create_queue()


def rows(storage: str) -> list[Mapping[str, Any]]:
    """Return the rows of the table `meetings`."""
    with TableClient.from_connection_string(storage, _MEETINGS) as table:
        try:
            return list(table.list_entities())
        except ResourceNotFoundError:
            return []


def delete_event_rows(storage: str) -> None:
    """Delete the rows of all events, as if the app had never stored them."""
    with TableClient.from_connection_string(storage, _MEETINGS) as table:
        for row in rows(storage):
            if _HASH.fullmatch(row["RowKey"]):
                table.delete_entity(row["PartitionKey"], row["RowKey"])


def poison_messages(storage: str) -> Iterator[str]:
    """Yield the texts in the poison queues."""
    for name in _QUEUES:
        with (
            QueueClient.from_connection_string(storage, name + _POISON) as queue,
            suppress(ResourceNotFoundError),
        ):
            pages = queue.receive_messages(messages_per_page=_PAGE, visibility_timeout=_HIDDEN_SECONDS)
            yield from (str(message.content) for message in pages)


def waiting_messages(storage: str) -> dict[str, int]:
    """Count the messages on each queue, hidden ones too."""
    counts: dict[str, int] = {}
    for name in _QUEUES:
        with QueueClient.from_connection_string(storage, name) as queue:
            counts[name] = queue.get_queue_properties().approximate_message_count or 0
    return counts
