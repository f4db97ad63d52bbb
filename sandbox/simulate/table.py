"""A storage table in memory, with the methods of the SDK's `TableClient` that the product calls."""

import re
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from itertools import count, islice
from threading import Lock
from types import SimpleNamespace
from typing import Any, cast

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, TableErrorCode, UpdateMode

from sandbox.simulate.transaction_errors import conflict, transaction_error
from shared.storage.tables import Table

#: the rows in one answer of the service
_PAGE = 1_000
_Key = tuple[str, str]
#: one comparison of a condition, such as `state eq 'removed'`, and what joins two
_COMPARISON = re.compile(r"(\w+) (eq|lt) (datetime)?'([^']*)'")
_JOINT = re.compile(r"[() ]|and|or")


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
        _show(date, raw_response_hook)
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

    def submit_transaction(
        self, operations: Sequence[tuple[str, dict[str, Any], dict[str, Any]]], **_options: int
    ) -> list[dict[str, Any]]:
        """Insert and replace rows of one partition, all or none; raise TableTransactionError."""
        with self._lock:
            if not self._is_there:
                raise transaction_error(0, HTTPStatus.NOT_FOUND, TableErrorCode.TABLE_NOT_FOUND)
            for index, (kind, entity, options) in enumerate(operations):
                row = self._rows.get(_key(entity))
                has_changed = row is not None if kind == "create" else _etag(row) != options["etag"]
                if has_changed:
                    raise conflict(index, is_there=row is not None, kind=kind)
            return [self._put(entity, {}) for _kind, entity, _options in operations]

    def upsert_entity(self, entity: Mapping[str, Any], *, mode: UpdateMode) -> dict[str, Any]:
        """Set the columns that have a value, keep the others; raise ResourceNotFoundError."""
        assert mode is UpdateMode.MERGE
        with self._lock:
            self._check_table()
            return self._put(entity, self._rows.get(_key(entity), {}))

    def list_entities(self, *, select: list[str] | None = None) -> Iterator[MemoryEntity]:
        """Yield all rows with all columns; one written meanwhile is included if its page was not read yet."""
        del select
        return self._listed(("", ""))

    def query_entities(
        self,
        condition: str,
        *,
        results_per_page: int = _PAGE,
        select: list[str] | None = None,
        raw_response_hook: Callable[[Any], None] | None = None,
    ) -> "MemoryPages":
        """Return the rows that meet a condition; see `_Condition` for what it may say."""
        del select
        if raw_response_hook:
            _show(self._now(), raw_response_hook)
        return MemoryPages(self, _Condition.read(condition), results_per_page)

    def delete_entity(
        self,
        partition_key: str,
        row_key: str,
        *,
        etag: str | None = None,
        match_condition: MatchConditions | None = None,
        **_options: int,
    ) -> None:
        """Delete a row, with `etag` an unchanged one; raise ResourceModifiedError or -NotFoundError."""
        assert (etag is None) == (match_condition is None)
        with self._lock:
            row = self._row((partition_key, row_key))
            if etag is not None and row.metadata["etag"] != etag:
                raise ResourceModifiedError
            del self._rows[partition_key, row_key]
            self._keys.remove((partition_key, row_key))

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


class MemoryPages:
    """The rows of a query, one by one or page by page."""

    def __init__(self, table: MemoryTable, condition: "_Condition", size: int) -> None:
        self._table = table
        self._condition = condition
        self._size = size

    def __iter__(self) -> Iterator[MemoryEntity]:
        """Yield the rows; a row written meanwhile is included if its page was not read yet."""
        after = (self._condition.partition or "", "")
        while page := self._table.page(after):
            for row in page:
                if self._condition.partition not in {None, row["PartitionKey"]}:
                    return
                if self._condition.is_met(row):
                    yield row
            after = _key(page[-1])

    def by_page(self, token: list[str] | None = None) -> "_PageIterator":
        """Return an iterator of pages, which begins at the place of a token."""
        rows = (row for row in self if token is None or [*_key(row)] >= token)
        return _PageIterator(rows, self._size)


class _PageIterator:
    """Yields pages; `continuation_token` is the key at which the next one begins, None after the last."""

    def __init__(self, rows: Iterator[MemoryEntity], size: int) -> None:
        self._rows = rows
        self._size = size
        self._first: MemoryEntity | None = next(rows, None)
        self.continuation_token: list[str] | None = None

    def __next__(self) -> list[MemoryEntity]:
        if self._first is None:
            raise StopIteration
        page = [self._first, *islice(self._rows, self._size - 1)]
        self._first = next(self._rows, None)
        self.continuation_token = [*_key(self._first)] if self._first else None
        return page

    def __iter__(self) -> "_PageIterator":
        return self


@dataclass(frozen=True, slots=True)
class _Condition:
    """An OData condition of `eq` and `lt`; comparisons of one column with `eq` are joined by `or`.

    Joinlink asks for nothing else.
    """

    partition: str | None
    #: for each column, the texts of which it must have one
    one_of: Mapping[str, frozenset[str]]
    #: for each column, the time before which it must be
    before: Mapping[str, datetime]

    @classmethod
    def read(cls, text: str) -> "_Condition":
        assert not _JOINT.sub("", _COMPARISON.sub("", text)), f"this table does not support {text}"
        one_of: dict[str, frozenset[str]] = {}
        before: dict[str, datetime] = {}
        for column, operator, is_time, value in _COMPARISON.findall(text):
            assert (operator == "lt") == bool(is_time), f"this table does not support {text}"
            if is_time:
                before[column] = datetime.fromisoformat(value)
            else:
                one_of[column] = one_of.get(column, frozenset()) | {value}
        (partition,) = one_of.pop("PartitionKey", {None})
        return cls(partition, one_of, before)

    def is_met(self, row: MemoryEntity) -> bool:
        times = {**row, "Timestamp": row.metadata["timestamp"]}
        return all(row.get(column) in texts for column, texts in self.one_of.items()) and all(
            isinstance(time := times.get(column), datetime) and time < limit
            for column, limit in self.before.items()
        )


def _show(date: datetime, raw_response_hook: Callable[[Any], None]) -> None:
    """Pass an answer with this Date to the SDK's hook."""
    headers = {"Date": format_datetime(date, usegmt=True)}
    raw_response_hook(SimpleNamespace(http_response=SimpleNamespace(headers=headers)))


def _etag(row: MemoryEntity | None) -> str | None:
    return str(row.metadata["etag"]) if row else None
