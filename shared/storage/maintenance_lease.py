"""The lease in the `maintenance` table: it allows one run at a time and keeps notes for the next run."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.errors import StateChanged
from shared.storage.tables import Row, Table

MAINTENANCE = "maintenance"
_PARTITION = "maintenance"
_LEASE = "lease"
_RENEWED = "lease-renewed"
_NOTES = "mark"
#: A lease ends this long after its last renewal, and at `AT_MOST` after it was taken.
LASTS = timedelta(minutes=4)
AT_MOST = timedelta(minutes=10)


class MaintenanceLease:
    """Allows one run at a time, across all instances and desks.

    Only the table service's own time counts: the ages of two rows, one written when the lease was taken, one
    when it was renewed. So no client's clock can make a lease longer. Every method raises
    `StorageUnavailable`.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def take(self, holder: str) -> bool:
        """Take the lease; return False if another run has it."""
        row = self._table.read(_PARTITION, _LEASE)
        if row and self._is_held(row):
            return False
        return self._write(holder, row.etag if row else None)

    def renew(self, holder: str) -> bool:
        """Extend the lease by `LASTS`; return False if this holder does not have it any more."""
        row = self._table.read(_PARTITION, _LEASE)
        if row is None or row.values.get("holder") != holder or not self._is_held(row):
            return False
        self._table.merge(_PARTITION, _RENEWED, {"holder": holder})
        return True

    def release(self, holder: str) -> None:
        """End the lease, if this holder still has it."""
        row = self._table.read(_PARTITION, _LEASE)
        if row and row.values.get("holder") == holder:
            self._write("", row.etag)

    def notes(self) -> Mapping[str, Any]:
        """Return the notes that earlier runs left."""
        row = self._table.read(_PARTITION, _NOTES)
        return row.values if row else {}

    def save_notes(self, **values: str | datetime) -> None:
        """Save notes for the next run; other notes stay."""
        self._table.merge(_PARTITION, _NOTES, values)

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
