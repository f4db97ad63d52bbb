"""The `maintenance` table: whose turn it is, and where the last one stopped."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.errors import StateChanged
from shared.storage.tables import Table

MAINTENANCE = "maintenance"
_PARTITION = "maintenance"
_LEASE = "lease"
_MARK = "mark"


class MaintenanceLease:
    """One run at a time, in all instances. A lease that is not given back ends by itself."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def take(self, holder: str, now: datetime, until: datetime) -> bool:
        """Take the lease until then; False where another run has it."""
        row = self._table.read(_PARTITION, _LEASE)
        if row and row.values["until"] > now:
            return False
        return self._write({"holder": holder, "until": until}, row.etag if row else None)

    def give_back(self, holder: str, now: datetime) -> None:
        """End the lease, if it still is this holder's."""
        row = self._table.read(_PARTITION, _LEASE)
        if row and row.values["holder"] == holder:
            self._write({"holder": holder, "until": now}, row.etag)

    def mark(self) -> Mapping[str, Any]:
        """Return what the last run noted for the next."""
        row = self._table.read(_PARTITION, _MARK)
        return row.values if row else {}

    def set_mark(self, **values: str | datetime) -> None:
        """Note something for the next run."""
        self._table.merge(_PARTITION, _MARK, values)

    def _write(self, values: Mapping[str, Any], etag: str | None) -> bool:
        try:
            self._table.write(_PARTITION, _LEASE, values, etag=etag)
        except StateChanged:  # another instance was faster
            return False
        return True
