"""The marker in the `meetings` table: as long as it is there, the memory of past writes is whole.

Who loses that table (deleted, or the app was pointed at another storage account) also loses what keeps a
link that a person removed from being added again. So the marker is in the same table, and without it
nothing is written.
"""

from datetime import datetime

from shared.storage.tables import VERSION, Table

_PARTITION, _ROW = "memory", "marker"


class MemoryMarker:
    """Reads and writes the marker. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def is_there(self) -> bool:
        """Tell whether the memory is whole, as far as is known."""
        return self._table.read(_PARTITION, _ROW) is not None

    def set(self, at: datetime, *, why: str) -> None:
        """Say that it is whole from now on, and why: `fresh` or `accepted`."""
        self._table.create()
        self._table.merge(_PARTITION, _ROW, {"v": VERSION, "since": at, "why": why})

    def has_meetings(self) -> bool:
        """Tell whether the table holds anything else."""
        return any(row["PartitionKey"] != _PARTITION for row in self._table.rows())
