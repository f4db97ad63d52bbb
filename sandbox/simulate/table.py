"""A storage table in memory, with the methods of the SDK's `TableClient` that the product calls."""

import re
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from threading import Lock
from types import SimpleNamespace
from typing import Any, cast

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode

from shared.storage.tables import Table

#: the rows in one answer of the service
_PAGE = 1_000
_Key = tuple[str, str]
_CONDITION = re.compile(r"PartitionKey eq '([^']*)' and \((.*)\)")
_ENDED = re.compile(r"ends lt datetime'([^']*)'")
_STATE = re.compile(r"state eq '([^']*)'")


class MemoryEntity(dict[str, Any]):
    """A row as the SDK returns it."""

    def __init__(self, values: Mapping[str, Any], etag: str, written: datetime) -> None:
        super().__init__(values)
        self.metadata = {"etag": etag, "timestamp": written}


class MemoryTable:
    """Rows in the order of their keys, listed page by page; safe to share between threads.

    `now` is the service's clock.
    """

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        self.table_name = name
        self._now = now
        self._lock = Lock()
        self._is_there = False
        self._etags = count(1)
        self._rows: dict[_Key, MemoryEntity] = {}
        self._keys: list[_Key] = []

    def connect(self) -> Table:
        """Return the product's connection to this table."""
        return Table(cast("TableClient", self))

    def create_table(self) -> None:
        """Create the table; raise ResourceExistsError as the SDK does."""
        with self._lock:
            if self._is_there:
                raise ResourceExistsError
            self._is_there = True

    def get_entity(
        self, partition_key: str, row_key: str, *, raw_response_hook: Callable[[Any], None]
    ) -> MemoryEntity:
        """Return a row, and pass the answer's Date to the hook; raise ResourceNotFoundError."""
        row, date = self.dated(partition_key, row_key)
        headers = {"Date": format_datetime(date, usegmt=True)}
        raw_response_hook(SimpleNamespace(http_response=SimpleNamespace(headers=headers)))
        return row

    def dated(self, partition_key: str, row_key: str) -> tuple[MemoryEntity, datetime]:
        """Return a row and the service's time; raise ResourceNotFoundError."""
        with self._lock:
            return self._row((partition_key, row_key)), self._now()

    def create_entity(self, entity: Mapping[str, Any], **_options: int) -> dict[str, Any]:
        """Insert a row; raise ResourceExistsError, or ResourceNotFoundError without the table."""
        with self._lock:
            self._check_table()
            if _key(entity) in self._rows:
                raise ResourceExistsError
            return self._put(entity, {})

    def update_entity(
        self,
        entity: Mapping[str, Any],
        *,
        mode: UpdateMode,
        etag: str,
        match_condition: MatchConditions,
        **_options: int,
    ) -> dict[str, Any]:
        """Replace a row with this ETag; raise ResourceModifiedError or ResourceNotFoundError."""
        assert (mode, match_condition) == (UpdateMode.REPLACE, MatchConditions.IfNotModified)
        with self._lock:
            if self._row(_key(entity)).metadata["etag"] != etag:
                raise ResourceModifiedError
            return self._put(entity, {})

    def upsert_entity(self, entity: Mapping[str, Any], *, mode: UpdateMode) -> dict[str, Any]:
        """Set the columns that have a value, keep the others; raise ResourceNotFoundError."""
        assert mode is UpdateMode.MERGE
        with self._lock:
            self._check_table()
            return self._put(entity, self._rows.get(_key(entity), {}))

    def list_entities(self, *, select: list[str] | None = None) -> Iterator[MemoryEntity]:  # noqa: ARG002
        """Yield all rows with all columns; one written meanwhile is included if its page was not read yet."""
        return self._listed(("", ""))

    def query_entities(
        self,
        condition: str,
        *,
        select: list[str] | None = None,  # noqa: ARG002
    ) -> Iterator[MemoryEntity]:
        """Yield the rows of a partition in one of some states, or that ended before a time."""
        match = _CONDITION.fullmatch(condition)
        assert match, f"this table does not support {condition}"
        partition, states = match[1], set(_STATE.findall(match[2]))
        ended = _ENDED.fullmatch(match[2])
        for row in self._listed((partition, "")):
            if row["PartitionKey"] != partition:
                return
            ends = row.get("ends")
            has_ended = ended and isinstance(ends, datetime) and ends < datetime.fromisoformat(ended[1])
            if row.get("state") in states or has_ended:
                yield row

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _listed(self, after: _Key) -> Iterator[MemoryEntity]:
        while page := self.page(after):
            yield from page
            after = _key(page[-1])

    def page(self, after: _Key) -> list[MemoryEntity]:
        """Return the rows after a key, as many as one answer has."""
        with self._lock:
            self._check_table()
            start = bisect_right(self._keys, after)
            # A row is never changed, only replaced, so a page may share it.
            return [self._rows[key] for key in self._keys[start : start + _PAGE]]

    def _put(self, entity: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
        key, etag = _key(entity), f'W/"{next(self._etags)}"'
        if key not in self._rows:
            insort(self._keys, key)
        given = {name: value for name, value in entity.items() if value is not None}
        self._rows[key] = MemoryEntity({**before, **given}, etag, self._now())
        return {"etag": etag}

    def _row(self, key: _Key) -> MemoryEntity:
        if key not in self._rows:
            raise ResourceNotFoundError
        return self._rows[key]

    def _check_table(self) -> None:
        if not self._is_there:
            raise ResourceNotFoundError


def _key(entity: Mapping[str, Any]) -> _Key:
    return entity["PartitionKey"], entity["RowKey"]
