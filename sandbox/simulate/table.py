"""A storage table in memory, behind the few calls that the product makes of the SDK's `TableClient`."""

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

#: what the service gives at a time, and what the SDK holds at a time
_PAGE = 1_000
_Key = tuple[str, str]
_CONDITION = re.compile(r"PartitionKey eq '([^']*)' and \((.*)\)")
_STATE = re.compile(r"state eq '([^']*)'")


class Entity(dict[str, Any]):
    """A row as the SDK shows it."""

    def __init__(self, values: Mapping[str, Any], etag: str, written: datetime | None) -> None:
        super().__init__(values)
        self.metadata = {"etag": etag, "timestamp": written}


class MemoryTable:
    """Rows in the order of their keys, listed page by page; safe to share between threads."""

    def __init__(self, name: str, now: Callable[[], datetime] | None = None) -> None:
        self.table_name = name
        self._now = now
        self._lock = Lock()
        self._is_there = False
        self._etags = count(1)
        self._rows: dict[_Key, Entity] = {}
        self._keys: list[_Key] = []

    def connect(self) -> Table:
        """Return the product's table upon this one."""
        return Table(cast("TableClient", self))

    def create_table(self) -> None:
        """Make the table; raises ResourceExistsError as the SDK does."""
        with self._lock:
            if self._is_there:
                raise ResourceExistsError
            self._is_there = True

    def get_entity(
        self, partition_key: str, row_key: str, raw_response_hook: Callable[[Any], None] | None = None
    ) -> Entity:
        """Return a row, and the answer with its Date to the hook; raises ResourceNotFoundError."""
        if raw_response_hook:
            date = format_datetime(self._now()) if self._now else ""
            headers = SimpleNamespace(headers={"Date": date})
            raw_response_hook(SimpleNamespace(http_response=headers))
        with self._lock:
            return self._row((partition_key, row_key))

    def create_entity(self, entity: Mapping[str, Any], **_options: int) -> dict[str, Any]:
        """Insert a row; raises ResourceExistsError, ResourceNotFoundError without the table."""
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
        """Replace a row that is as it was read; raises ResourceModifiedError, ResourceNotFoundError."""
        assert (mode, match_condition) == (UpdateMode.REPLACE, MatchConditions.IfNotModified)
        with self._lock:
            if self._row(_key(entity)).metadata["etag"] != etag:
                raise ResourceModifiedError
            return self._put(entity, {})

    def upsert_entity(self, entity: Mapping[str, Any], *, mode: UpdateMode) -> dict[str, Any]:
        """Set what has a value here, whatever else the row holds; raises ResourceNotFoundError."""
        assert mode is UpdateMode.MERGE
        with self._lock:
            self._check_table()
            return self._put(entity, self._rows.get(_key(entity), {}))

    def list_entities(self) -> Iterator[Entity]:
        """Yield all rows; what is written meanwhile shows where its page is still to come."""
        return self._listed(("", ""))

    def query_entities(self, condition: str) -> Iterator[Entity]:
        """Yield the rows of a partition that are in one of some states: the one query that is asked."""
        match = _CONDITION.fullmatch(condition)
        assert match, f"this table does not understand {condition}"
        partition, states = match[1], set(_STATE.findall(match[2]))
        for row in self._listed((partition, "")):
            if row["PartitionKey"] != partition:
                return
            if row.get("state") in states:
                yield row

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _listed(self, after: _Key) -> Iterator[Entity]:
        while page := self.page(after):
            yield from page
            after = _key(page[-1])

    def page(self, after: _Key) -> list[Entity]:
        """Return the rows behind a key, as many as the service gives at a time."""
        with self._lock:
            self._check_table()
            start = bisect_right(self._keys, after)
            # A row is never changed, only replaced, so that a page may share it.
            return [self._rows[key] for key in self._keys[start : start + _PAGE]]

    def _put(self, entity: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
        key, etag = _key(entity), f'W/"{next(self._etags)}"'
        if key not in self._rows:
            insort(self._keys, key)
        given = {name: value for name, value in entity.items() if value is not None}
        self._rows[key] = Entity({**before, **given}, etag, self._now() if self._now else None)
        return {"etag": etag}

    def _row(self, key: _Key) -> Entity:
        if key not in self._rows:
            raise ResourceNotFoundError
        return self._rows[key]

    def _check_table(self) -> None:
        if not self._is_there:
            raise ResourceNotFoundError


def _key(entity: Mapping[str, Any]) -> _Key:
    return entity["PartitionKey"], entity["RowKey"]
