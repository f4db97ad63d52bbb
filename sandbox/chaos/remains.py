"""What lies in storage and in the log: read after a play, for its record."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

#: named here anew: the judge's sources share nothing with the product
QUEUES = ("event-changes", "mailbox-tasks")
_MEETINGS, _POISON = "meetings", "-poison"
_PAGE, _HIDDEN_SECONDS = 32, 3600


def create_queues(storage: str) -> None:
    """Create the queues, as the infrastructure does in the cloud."""
    for name in QUEUES:
        with QueueClient.from_connection_string(storage, name) as queue:
            queue.create_queue()


def rows(storage: str) -> list[Mapping[str, Any]]:
    """Return the rows of the table `meetings`."""
    with TableClient.from_connection_string(storage, _MEETINGS) as table:
        try:
            return list(table.list_entities())
        except ResourceNotFoundError:
            return []


def forget(storage: str, keys: set[str]) -> None:
    """Delete the rows with these keys, as an app would that does not remember."""
    with TableClient.from_connection_string(storage, _MEETINGS) as table:
        for row in rows(storage):
            if row["RowKey"] in keys:
                table.delete_entity(row["PartitionKey"], row["RowKey"])


def poison(storage: str) -> Iterator[str]:
    """Yield the texts in the poison queues."""
    for name in QUEUES:
        with (
            QueueClient.from_connection_string(storage, name + _POISON) as queue,
            suppress(ResourceNotFoundError),
        ):
            pages = queue.receive_messages(messages_per_page=_PAGE, visibility_timeout=_HIDDEN_SECONDS)
            yield from (str(message.content) for message in pages)


def waiting(storage: str) -> dict[str, int]:
    """Count the messages on each queue, hidden ones too."""
    counts: dict[str, int] = {}
    for name in QUEUES:
        with QueueClient.from_connection_string(storage, name) as queue:
            counts[name] = queue.get_queue_properties().approximate_message_count or 0
    return counts


def lines(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the app's lines; one that its process died over is passed over."""
    for text in log.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError):
            yield json.loads(text)
