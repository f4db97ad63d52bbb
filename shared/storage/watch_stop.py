"""Stores that an admin stopped Joinlink: no mailbox may be subscribed until the admin starts it again."""

from datetime import datetime

from shared.storage.tables import Table

_PARTITION, _ROW = "maintenance", "stopped"


class WatchStop:
    """The stop. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def is_set(self) -> bool:
        """Return whether Joinlink is stopped."""
        row = self._table.read(_PARTITION, _ROW)
        return row is not None and bool(row.values.get("since"))  # a damaged time stops it, too

    def set(self, at: datetime) -> None:
        """Stop Joinlink."""
        self._table.merge(_PARTITION, _ROW, {"since": at})

    def clear(self) -> None:
        """Start it again."""
        self._table.merge(_PARTITION, _ROW, {"since": ""})
