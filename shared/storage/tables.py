"""Reads and writes rows of Azure Table Storage, with optimistic concurrency."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableClient, TableErrorCode, TableTransactionError, UpdateMode

from shared.errors import RowConflict, StateChanged, StorageUnavailable, TableMissing
from shared.settings import StorageSettings
from shared.storage.connection import ServiceTime, build_client
from shared.storage.errors import storage_errors
from shared.storage.row_client import RowClient

#: A conditional write whose answer was lost is not retried: it would conflict with its own result.
_NO_RETRY = {"retry_total": 0}
#: of a row in a transaction: it exists already, was changed, or is gone
_CONFLICTS = (
    TableErrorCode.ENTITY_ALREADY_EXISTS,
    TableErrorCode.UPDATE_CONDITION_NOT_SATISFIED,
    TableErrorCode.CONDITION_NOT_MET,
    TableErrorCode.RESOURCE_NOT_FOUND,
    TableErrorCode.ENTITY_NOT_FOUND,
)
#: of the rows that we write, in their column `v`; later versions only add optional columns
VERSION = 1


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a row, and the ETag that a later write must match.

    `age` is how long ago the row was written when it was read, to a second. It compares two times of the
    table service, the row's Timestamp and the answer's Date, so that no other clock distorts it.
    """

    values: Mapping[str, Any]
    etag: str
    age: timedelta = timedelta(0)

    @property
    def is_readable(self) -> bool:
        """Whether this version of Joinlink can read the row."""
        version = self.values.get("v", VERSION)
        return isinstance(version, int) and version <= VERSION

    @property
    def key(self) -> tuple[str, str]:
        """Partition and row key, of a row that was listed."""
        return str(self.values["PartitionKey"]), str(self.values["RowKey"])


@dataclass(frozen=True, slots=True)
class RowChange:
    """New values of a row, and the ETag with which it was read, None if there was no row."""

    row: str
    values: Mapping[str, Any]
    etag: str | None

    def operation(self, partition: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Return the operation of a transaction, as the SDK expects it."""
        entity = {"PartitionKey": partition, "RowKey": self.row, **self.values}
        if self.etag is None:
            return "create", entity, {}
        condition = MatchConditions.IfNotModified
        return (
            "update",
            entity,
            {"mode": UpdateMode.REPLACE, "etag": self.etag, "match_condition": condition},
        )


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows of a list, and the place where the next page begins: empty after the last."""

    rows: tuple[Row, ...]
    next_place: str = ""


class Table:
    """One table; the first write creates it if it is missing. Threads may share it.

    Every method raises `StorageUnavailable` if the table service fails. With `create_if_missing` false, a
    write to a missing table raises `TableMissing`, until `create` was called.
    """

    def __init__(self, client: TableClient, *, create_if_missing: bool = True) -> None:
        self._client = client
        self._create_if_missing = create_if_missing

    @classmethod
    def connect(
        cls,
        name: str,
        storage: StorageSettings,
        credential: TokenCredential | None,
        *,
        create_if_missing: bool = True,
    ) -> "Table":
        """Return the table `name`. It sends nothing yet."""
        return cls(table_client(name, storage, credential), create_if_missing=create_if_missing)

    def create(self) -> None:
        """Create the table unless it exists."""
        with self._table_errors(), suppress(ResourceExistsError):  # another instance was faster
            self._client.create_table()

    def read(self, partition: str, row: str) -> Row | None:
        """Return a row, None if it does not exist."""
        time = ServiceTime()
        with self._table_errors(), suppress(ResourceNotFoundError):
            entity = self._client.get_entity(partition, row, raw_response_hook=time)
            return Row(entity, str(entity.metadata["etag"]), _age(entity.metadata["timestamp"], time.value))
        return None

    def now(self) -> datetime | None:
        """Return the time of the table service, to a second; None if it does not show it."""
        time = ServiceTime()
        with self._table_errors(), suppress(ResourceNotFoundError):
            next(iter(self._client.query_entities("PartitionKey eq 'clock'", raw_response_hook=time)), None)
        return time.value

    def write(self, partition: str, row: str, values: Mapping[str, Any], *, etag: str | None) -> str:
        """Insert the row (`etag` None) or replace the one that was read with `etag`; return the new ETag.

        Raises:
            StateChanged: another process wrote the row since.
        """
        entity = {"PartitionKey": partition, "RowKey": row, **values}
        with self._table_errors():
            try:
                return self._insert(entity) if etag is None else self._replace(entity, etag)
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError) as error:
                raise StateChanged(self._changed()) from error

    def write_together(self, partition: str, changes: Sequence[RowChange]) -> list[str]:
        """Write up to 100 rows of a partition as `write` does, all or none; return their new ETags.

        Raises:
            RowConflict: another process wrote one of the rows since.
        """
        if len(changes) == 1:
            return [self._write_alone(partition, changes[0])]
        with self._table_errors():
            try:
                return self._commit(partition, changes)
            except TableTransactionError as error:
                if getattr(error, "error_code", None) not in _CONFLICTS:
                    raise
                row = changes[error.index].row if 0 <= error.index < len(changes) else ""
                raise RowConflict(self._changed(), row) from error

    def delete(self, partition: str, row: str, *, etag: str) -> None:
        """Delete the row that was read with `etag`.

        Raises:
            StateChanged: another process wrote the row since.
        """
        with self._table_errors():
            try:
                self._client.delete_entity(
                    partition, row, etag=etag, match_condition=MatchConditions.IfNotModified, **_NO_RETRY
                )
            except (ResourceModifiedError, ResourceNotFoundError) as error:
                raise StateChanged(self._changed()) from error

    def delete_any(self, partition: str, row: str) -> None:
        """Delete a row, whatever its ETag; it may be gone already."""
        with self._table_errors(), suppress(ResourceNotFoundError):
            self._client.delete_entity(partition, row)

    def merge(self, partition: str, row: str, values: Mapping[str, Any]) -> None:
        """Set these columns of a row and keep its others; insert the row if it is missing."""
        entity = {"PartitionKey": partition, "RowKey": row, **values}
        with self._table_errors():
            try:
                self._client.upsert_entity(entity, mode=UpdateMode.MERGE)
            except ResourceNotFoundError:
                self._create_missing_table()
                self._client.upsert_entity(entity, mode=UpdateMode.MERGE)

    def rows(
        self, condition: str | None = None, *, columns: list[str] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the values of the rows, ordered by their keys; reads page by page. `condition` is OData.

        `columns` are those to read; None reads all.
        """
        with self._table_errors(), suppress(ResourceNotFoundError):
            if condition:
                yield from self._client.query_entities(condition, select=columns)
            else:
                yield from self._client.list_entities(select=columns)

    def page(self, condition: str, *, place: str, size: int) -> RowPage:
        """Return one page of the rows that meet an OData condition; the first page if `place` is empty.

        A page may have no rows although more follow: the service ends a page when its time is over.
        """
        time = ServiceTime()
        with self._table_errors(), suppress(ResourceNotFoundError):
            listed = self._client.query_entities(condition, results_per_page=size, raw_response_hook=time)
            pages: Any = listed.by_page(json.loads(place) if place else None)
            rows = tuple(
                Row(each, str(each.metadata["etag"]), _age(each.metadata["timestamp"], time.value))
                for each in next(pages, ())
            )
            # The token has the keys of the row at which the next page begins.
            token = pages.continuation_token
            return RowPage(rows, json.dumps(token) if token else "")
        return RowPage(())

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _insert(self, entity: dict[str, Any]) -> str:
        try:
            return str(self._client.create_entity(entity, **_NO_RETRY)["etag"])
        except ResourceNotFoundError:
            self._create_missing_table()
            return str(self._client.create_entity(entity, **_NO_RETRY)["etag"])

    def _replace(self, entity: dict[str, Any], etag: str) -> str:
        answer = self._client.update_entity(
            entity,
            mode=UpdateMode.REPLACE,
            etag=etag,
            match_condition=MatchConditions.IfNotModified,
            **_NO_RETRY,
        )
        return str(answer["etag"])

    def _write_alone(self, partition: str, change: RowChange) -> str:
        try:
            return self.write(partition, change.row, change.values, etag=change.etag)
        except StateChanged as error:
            raise RowConflict(str(error), change.row) from error

    def _commit(self, partition: str, changes: Sequence[RowChange]) -> list[str]:
        operations = [change.operation(partition) for change in changes]
        try:
            answers = self._client.submit_transaction(operations, **_NO_RETRY)
        except TableTransactionError as error:
            if getattr(error, "error_code", None) != TableErrorCode.TABLE_NOT_FOUND:
                raise
            self._create_missing_table()
            answers = self._client.submit_transaction(operations, **_NO_RETRY)
        return [str(answer["etag"]) for answer in answers]

    def _changed(self) -> str:
        return f"a row of table {self._client.table_name} changed meanwhile"

    def _table_errors(self) -> AbstractContextManager[None]:
        return storage_errors(f"table {self._client.table_name} is not available", StorageUnavailable)

    def _create_missing_table(self) -> None:
        if not self._create_if_missing:
            raise TableMissing(f"table {self._client.table_name} is missing")
        self.create()


def table_client(name: str, storage: StorageSettings, credential: TokenCredential | None) -> TableClient:
    """Return a client for the table `name`. It sends nothing yet."""
    # Nobody reads the SDK's request ids, and uuid1 asks the system for each.
    return build_client(RowClient, storage.table_url, name, storage, credential, auto_request_id=False)


def _age(written: datetime | None, now: datetime | None) -> timedelta:
    """Return the time between the two; zero if the service does not show it, so that no lease ends early."""
    return max(now - written, timedelta(0)) if written and now else timedelta(0)


def hashed(text: str) -> str:
    """Return a table key for an id: ids are case-sensitive and have characters that keys must not have."""
    return sha256(text.encode()).hexdigest()
