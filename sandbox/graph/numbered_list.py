"""A list with stable row numbers, so that paging works while items are added and removed."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class NumberedList(Generic[T]):
    """Items by row number. Numbers are never reused, so paging neither misses nor repeats an item."""

    def __init__(self) -> None:
        self._items: list[T | None] = []

    def add(self, item: T) -> int:
        """Append an item; return its row number."""
        self._items.append(item)
        return len(self._items) - 1

    def replace(self, row: int, item: T) -> None:
        """Replace the item of a row."""
        self._items[row] = item

    def drop(self, row: int) -> None:
        """Remove the item of a row; the row stays empty."""
        self._items[row] = None

    def at(self, row: int) -> T | None:
        """Return the item of a row, None if it was removed."""
        return self._items[row]

    def walk(self, start: int = 0) -> Iterator[tuple[int, T]]:
        """Yield row numbers and items from a row on."""
        for row in range(start, len(self._items)):
            item = self._items[row]
            if item is not None:
                yield row, item
