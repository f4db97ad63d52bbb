"""The `maintenance` table: whose turn it is, and where the last run stopped."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.errors import StateChanged
from shared.storage.tables import Row, Table

MAINTENANCE = "maintenance"
_PARTITION = "maintenance"
_LEASE = "lease"
_RENEWED = "lease-renewed"
_MARK = "mark"
#: A lease that is not renewed ends after so long, and no renewal takes it further than this in all.
LASTS = timedelta(minutes=4)
AT_MOST = timedelta(minutes=10)


class MaintenanceLease:
    """One run at a time, in all instances and at all desks.

    Only the table service's own time counts: the ages of two rows, one written when the lease was taken, one
    when it was renewed. So no clock of a client can make a lease longer. Every method raises
    `StorageUnavailable`.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def take(self, holder: str) -> bool:
        """Take the lease; False where another run has it."""
        row = self._table.read(_PARTITION, _LEASE)
        if row and self._is_held(row):
            return False
        return self._write(holder, row.etag if row else None)

    def renew(self, holder: str) -> bool:
        """Keep the lease for another `LASTS`; False where it is not this holder's any more."""
        row = self._table.read(_PARTITION, _LEASE)
        if row is None or row.values.get("holder") != holder or not self._is_held(row):
            return False
        self._table.merge(_PARTITION, _RENEWED, {"holder": holder})
        return True

    def give_back(self, holder: str) -> None:
        """End the lease, if it still is this holder's."""
        row = self._table.read(_PARTITION, _LEASE)
        if row and row.values.get("holder") == holder:
            self._write("", row.etag)

    def mark(self) -> Mapping[str, Any]:
        """Return what the last run noted for the next."""
        row = self._table.read(_PARTITION, _MARK)
        return row.values if row else {}

    def set_mark(self, **values: str | datetime) -> None:
        """Note something for the next run."""
        self._table.merge(_PARTITION, _MARK, values)

    def _is_held(self, lease: Row) -> bool:
        holder = lease.values.get("holder")
        if not holder or lease.age >= AT_MOST:
            return False
        if lease.age < LASTS:
            return True
        renewed = self._table.read(_PARTITION, _RENEWED)
        return renewed is not None and renewed.values.get("holder") == holder and renewed.age < LASTS

    def _write(self, holder: str, etag: str | None) -> bool:
        try:
            self._table.write(_PARTITION, _LEASE, {"holder": holder}, etag=etag)
        except StateChanged:  # another instance was faster
            return False
        return True
