"""Stores the marker of the `meetings` table: while it exists, the memory of past writes is complete.

That table keeps Joinlink from adding a link again that a person removed. If the table is lost (deleted, or
the app uses another storage account), the marker is lost with it. Without the marker Joinlink writes nothing.
"""

from datetime import datetime

from shared.storage.tables import VERSION, Table

_PARTITION, _ROW = "memory", "marker"


class MemoryMarker:
    """Reads and writes the marker. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def exists(self) -> bool:
        """Return whether the marker exists."""
        return self._table.read(_PARTITION, _ROW) is not None

    def set(self, at: datetime, *, why: str) -> None:
        """Create the table and the marker; `why` is `fresh` or `accepted`."""
        self._table.create()
        self._table.merge(_PARTITION, _ROW, {"v": VERSION, "since": at, "why": why})

    def has_meetings(self) -> bool:
        """Return whether the table has any other row."""
        return any(row["PartitionKey"] != _PARTITION for row in self._table.rows())
