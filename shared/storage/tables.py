"""Azure Table Storage: rows with optimistic concurrency, keys that fit."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any, TypedDict

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient, UpdateMode

from shared.errors import StateChanged, StorageUnavailable, TableMissing
from shared.settings import StorageSettings
from shared.storage.connection import transport

#: A write on a condition whose answer was lost is not sent again: it would stumble over what it has done.
_ONCE = {"retry_total": 0}
#: of the rows that we write, in their column `v`; later versions only add optional columns
VERSION = 1


@dataclass(frozen=True, slots=True)
class Row:
    """What a row holds, and the ETag that a later write must meet.

    `age` is how long ago the row was written when it was read, both by the table service's own time (the
    row's Timestamp, the answer's Date), so that no other clock is in it. A write through this process leaves
    it at zero. It is precise to a second, as the Date is.
    """

    values: Mapping[str, Any]
    etag: str
    age: timedelta = timedelta(0)

    @property
    def is_ours(self) -> bool:
        """Whether this version of Joinlink knows what the row means."""
        version = self.values.get("v", VERSION)
        return isinstance(version, int) and version <= VERSION


class _Options(TypedDict):
    """What the SDK's client takes beside its address."""

    transport: RequestsTransport
    retry_total: int


class Table:
    """One table; created on the first write that misses it. Safe to share between threads.

    Every method raises `StorageUnavailable` where the table service fails. With `creates_itself` false a
    missing table is such a failure of a write, too, until `create` was called.
    """

    def __init__(self, client: TableClient, *, creates_itself: bool = True) -> None:
        self._client = client
        self._creates_itself = creates_itself

    @classmethod
    def connect(
        cls,
        name: str,
        storage: StorageSettings,
        credential: TokenCredential | None,
        *,
        creates_itself: bool = True,
    ) -> "Table":
        """Connect to the table `name`; nothing is sent yet."""
        return cls(table_client(name, storage, credential), creates_itself=creates_itself)

    def create(self) -> None:
        """Create the table unless it is there."""
        with self._available(), suppress(ResourceExistsError):  # another instance was faster
            self._client.create_table()

    def read(self, partition: str, row: str) -> Row | None:
        """Return a row, None where there is none."""
        dates: list[str] = []
        with self._available():
            try:
                entity = self._client.get_entity(
                    partition,
                    row,
                    raw_response_hook=lambda answer: dates.append(
                        str(answer.http_response.headers.get("Date", ""))
                    ),
                )
            except ResourceNotFoundError:
                return None
            return Row(entity, str(entity.metadata["etag"]), _age(entity.metadata["timestamp"], dates[-1]))

    def now(self) -> datetime | None:
        """Return the time of the table service, to a second; None where it does not tell."""
        dates: list[str] = []
        with self._available(), suppress(ResourceNotFoundError):
            nothing = self._client.query_entities(
                "PartitionKey eq 'clock'",
                raw_response_hook=lambda answer: dates.append(
                    str(answer.http_response.headers.get("Date", ""))
                ),
            )
            next(iter(nothing), None)
        with suppress(ValueError, TypeError, IndexError):
            return parsedate_to_datetime(dates[-1])
        return None

    def write(self, partition: str, row: str, values: Mapping[str, Any], *, etag: str | None) -> str:
        """Insert the row (`etag` None) or replace the one that was read with `etag`; return the new ETag.

        Raises:
            StateChanged: somebody else wrote the row since.
        """
        entity = {"PartitionKey": partition, "RowKey": row, **values}
        with self._available():
            try:
                return self._insert(entity) if etag is None else self._replace(entity, etag)
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError) as error:
                raise StateChanged(f"a row of table {self._client.table_name} changed meanwhile") from error

    def delete(self, partition: str, row: str, *, etag: str) -> None:
        """Delete the row that was read with `etag`.

        Raises:
            StateChanged: somebody else wrote the row since.
        """
        with self._available():
            try:
                self._client.delete_entity(
                    partition, row, etag=etag, match_condition=MatchConditions.IfNotModified, **_ONCE
                )
            except (ResourceModifiedError, ResourceNotFoundError) as error:
                raise StateChanged(f"a row of table {self._client.table_name} changed meanwhile") from error

    def drop(self, partition: str, row: str) -> None:
        """Delete a row, whatever it holds; one that is not there is no trouble."""
        with self._available(), suppress(ResourceNotFoundError):
            self._client.delete_entity(partition, row)

    def merge(self, partition: str, row: str, values: Mapping[str, Any]) -> None:
        """Set these values of a row, whatever else it holds; make the row where it is missing."""
        entity = {"PartitionKey": partition, "RowKey": row, **values}
        with self._available():
            try:
                self._client.upsert_entity(entity, mode=UpdateMode.MERGE)
            except ResourceNotFoundError:
                self._create_on_a_miss()
                self._client.upsert_entity(entity, mode=UpdateMode.MERGE)

    def rows(self, condition: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield what the rows hold, in the order of their keys, read page by page; `condition` is OData."""
        with self._available():
            try:
                yield from (
                    self._client.query_entities(condition) if condition else self._client.list_entities()
                )
            except ResourceNotFoundError:
                return

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _insert(self, entity: dict[str, Any]) -> str:
        try:
            return str(self._client.create_entity(entity, **_ONCE)["etag"])
        except ResourceNotFoundError:
            self._create_on_a_miss()
            return str(self._client.create_entity(entity, **_ONCE)["etag"])

    def _replace(self, entity: dict[str, Any], etag: str) -> str:
        answer = self._client.update_entity(
            entity,
            mode=UpdateMode.REPLACE,
            etag=etag,
            match_condition=MatchConditions.IfNotModified,
            **_ONCE,
        )
        return str(answer["etag"])

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            yield
        except AzureError as error:
            name = self._client.table_name
            raise StorageUnavailable(
                f"table {name} did not answer as it should: {type(error).__name__}"
            ) from error

    def _create_on_a_miss(self) -> None:
        if not self._creates_itself:
            raise TableMissing(f"table {self._client.table_name} is missing")
        self.create()


def table_client(name: str, storage: StorageSettings, credential: TokenCredential | None) -> TableClient:
    """Return a client for the table `name`; nothing is sent yet."""
    options = _Options(transport=transport(), retry_total=1)
    if storage.connection_string:
        return TableClient.from_connection_string(storage.connection_string, name, **options)
    return TableClient(storage.table_url, name, credential=credential, **options)


def _age(written: datetime | None, date: str) -> timedelta:
    """Return the time between the two; none where the service does not tell, so that nothing is over soon."""
    try:
        return max(parsedate_to_datetime(date) - written, timedelta(0)) if written else timedelta(0)
    except (ValueError, TypeError):
        return timedelta(0)


def hashed(text: str) -> str:
    """Return a key for an opaque id: ids are case-sensitive and hold characters that table keys refuse."""
    return sha256(text.encode()).hexdigest()
