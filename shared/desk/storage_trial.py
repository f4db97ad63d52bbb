"""Tries the storage account: creates a queue, a table and a container, uses each, and deletes it again."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import TypeVar

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.data.tables import TableClient
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from shared.errors import StorageUnavailable
from shared.settings import StorageSettings
from shared.storage.blobs import container_client
from shared.storage.connection import ServiceTime
from shared.storage.errors import describe
from shared.storage.queues import queue_client
from shared.storage.tables import VERSION, RowChange, table_client

_PREFIX = "joinlinkdoctor"


class StorageTrial:
    """Tries one account; `trial_id` is unique, and has letters and digits only.

    Every method returns the service's time, None if its answer has none. It raises `StorageUnavailable` with
    the service's own error code. Nothing stays behind, and the app's own data is not touched.
    """

    def __init__(self, storage: StorageSettings, credential: TokenCredential | None, trial_id: str) -> None:
        self._storage = storage
        self._credential = credential
        self._name = f"{_PREFIX}{trial_id[:40]}"

    def queue(self) -> datetime | None:
        """Try a queue."""
        with _trial(queue_client(self._name, self._storage, self._credential, base64=True)) as (client, time):
            client.create_queue(raw_response_hook=time)
            client.send_message("trial")
            client.peek_messages()
            client.delete_queue()
        return time.value

    def table(self) -> datetime | None:
        """Try a table, with the four requests that handling a message needs."""
        with _trial(table_client(self._name, self._storage, self._credential)) as (client, time):
            client.create_table(raw_response_hook=time)
            client.create_entity({"PartitionKey": "trial", "RowKey": "trial"})
            etag = client.get_entity("trial", "trial").metadata["etag"]
            _kind, entity, condition = RowChange("trial", {"v": VERSION}, etag).operation("trial")
            etag = client.update_entity(entity, **condition)["etag"]
            changes = RowChange("trial", {"v": VERSION}, etag), RowChange("second", {"v": VERSION}, None)
            client.submit_transaction([change.operation("trial") for change in changes])
            client.delete_table()
        return time.value

    def blob(self) -> datetime | None:
        """Try a blob."""
        with _trial(container_client(self._name, self._storage, self._credential)) as (client, time):
            client.create_container(raw_response_hook=time)
            client.upload_blob("trial", b"trial")
            client.download_blob("trial").readall()
            client.delete_container()
        return time.value


_Client = TypeVar("_Client", QueueClient, TableClient, ContainerClient)


@contextmanager
def _trial(client: _Client) -> Iterator[tuple[_Client, ServiceTime]]:
    with closing(client):
        try:
            yield client, ServiceTime()
        except AzureError as error:
            _clean_up(client)
            raise StorageUnavailable(describe(error)) from error


def _clean_up(client: QueueClient | TableClient | ContainerClient) -> None:
    with suppress(AzureError):
        match client:
            case QueueClient():
                client.delete_queue()
            case TableClient():
                client.delete_table()
            case ContainerClient():
                client.delete_container()
