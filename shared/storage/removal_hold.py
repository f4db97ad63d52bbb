"""Stores the hold: too many mailboxes would leave the scope at once, so they keep their subscriptions."""

from dataclasses import dataclass
from datetime import timedelta

from shared.storage.tables import Table

_PARTITION, _ROW = "maintenance", "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalHold:
    """The set of mailboxes that are held; each has the hold's `id` in its row."""

    id: str
    #: identifies exactly this set of mailboxes; an admin confirms it
    hash: str
    number: int
    #: whether they may be unsubscribed: an admin confirmed it, or the set was the same for a day
    is_released: bool = False
    #: how long ago this set was stored, by the table service's time
    age: timedelta = timedelta(0)


class RemovalHolds:
    """Stores the current hold; there is at most one. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> RemovalHold | None:
        """Return the hold; None if there is none."""
        row = self._table.read(_PARTITION, _ROW)
        if row is None or not row.values.get("id"):
            return None
        values, number = row.values, row.values.get("number")
        return RemovalHold(
            id=str(values["id"]),
            hash=str(values.get("hash") or ""),
            number=number if isinstance(number, int) else 0,
            # A damaged column must not release mailboxes.
            is_released=values.get("is_released") is True,
            age=row.age,
        )

    def write(self, hold: RemovalHold) -> None:
        """Replace the hold; its age starts at zero."""
        values = {
            "id": hold.id,
            "hash": hold.hash,
            "number": hold.number,
            "is_released": hold.is_released,
        }
        self._table.merge(_PARTITION, _ROW, values)

    def clear(self) -> None:
        """Remove the hold."""
        self._table.merge(_PARTITION, _ROW, {"id": ""})
