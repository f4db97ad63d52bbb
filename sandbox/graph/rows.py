"""A numbered list with holes: what a collection is paged by while others come and go."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Rows(Generic[T]):
    """Items by row. A row is never given twice, so a page that starts at one misses and repeats nobody."""

    def __init__(self) -> None:
        self._items: list[T | None] = []

    def add(self, item: T) -> int:
        """Put an item behind all others; return its row."""
        self._items.append(item)
        return len(self._items) - 1

    def replace(self, row: int, item: T) -> None:
        """Put another item in the place of one."""
        self._items[row] = item

    def drop(self, row: int) -> None:
        """Leave a hole."""
        self._items[row] = None

    def at(self, row: int) -> T | None:
        """Return the item of a row, None where a hole is."""
        return self._items[row]

    def walk(self, start: int = 0) -> Iterator[tuple[int, T]]:
        """Yield rows and items from a row on."""
        for row in range(start, len(self._items)):
            item = self._items[row]
            if item is not None:
                yield row, item
