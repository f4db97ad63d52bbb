"""A hold: too many mailboxes would leave the scope at once, so their subscriptions stay for a day."""

from dataclasses import dataclass
from datetime import timedelta

from shared.storage.tables import Table

_PARTITION, _ROW = "maintenance", "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The mailboxes that are held; each has the hold's `id` in its row."""

    id: str
    #: names exactly this set of mailboxes; an admin confirms it
    hash: str
    number: int
    #: whether they may be unsubscribed, because an admin said so or the set stood for a day
    is_released: bool = False
    #: how long ago this set was noted, by the table service's time
    age: timedelta = timedelta(0)


class Holds:
    """Keeps the one hold there may be. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> Hold | None:
        """Return the hold; None where there is none."""
        row = self._table.read(_PARTITION, _ROW)
        if row is None or not row.values.get("id"):
            return None
        values, number = row.values, row.values.get("number")
        return Hold(
            id=str(values["id"]),
            hash=str(values.get("hash") or ""),
            number=number if isinstance(number, int) else 0,
            # Only what we wrote lets mailboxes go.
            is_released=values.get("is_released") is True,
            age=row.age,
        )

    def write(self, hold: Hold) -> None:
        """Keep this hold instead of the one before: its age begins."""
        values = {
            "id": hold.id,
            "hash": hold.hash,
            "number": hold.number,
            "is_released": hold.is_released,
        }
        self._table.merge(_PARTITION, _ROW, values)

    def clear(self) -> None:
        """End the hold."""
        self._table.merge(_PARTITION, _ROW, {"id": ""})
