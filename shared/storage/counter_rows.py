"""The rows of the `counters` table, with a memory of those that this process read or wrote.

A remembered row may be out of date. That is safe for a write, which names the row's ETag and fails then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.errors import RowConflict
from shared.storage.tables import VERSION, Row, RowChange, Table, hashed

#: No rule reaches this number in a window, so a larger one is damage.
_MOST = 10_000_000
#: beyond this many rows the memory starts again
_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class CounterValue:
    """One row: how many writes a window has, None if that can't be read; whether it refused a write since."""

    value: int | None = 0
    was_refused: bool = False
    etag: str | None = None


class CounterRows:
    """Reads and writes counts. Every method raises StorageUnavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._remembered: dict[tuple[str, str], CounterValue] = {}

    def read(self, rule: str, window: str) -> CounterValue:
        """Return a count as it is now."""
        count = _parse(self._table.read(hashed(rule), window))
        self._remember(rule, window, count)
        return count

    def remembered(self, rule: str, window: str) -> CounterValue:
        """Return a count as this process last saw it; read it if it did not."""
        known = self._remembered.get((rule, window))
        return self.read(rule, window) if known is None else known

    def write(self, rule: str, counts: Mapping[str, CounterValue]) -> bool:
        """Write the counts of these windows, all or none. Return whether no other process was faster."""
        changes = [RowChange(window, _values(count), count.etag) for window, count in counts.items()]
        try:
            etags = self._table.write_together(hashed(rule), changes)
        except RowConflict as conflict:
            self._forget(rule, [conflict.row] if conflict.row in counts else counts)
            return False
        except BaseException:
            self._forget(rule, counts)
            raise
        for (window, count), etag in zip(counts.items(), etags, strict=True):
            self._remember(rule, window, CounterValue(count.value, count.was_refused, etag))
        return True

    def _remember(self, rule: str, window: str, count: CounterValue) -> None:
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[rule, window] = count

    def _forget(self, rule: str, windows: Iterable[str]) -> None:
        for window in windows:
            self._remembered.pop((rule, window), None)


def _values(count: CounterValue) -> dict[str, object]:
    return {"v": VERSION, "count": count.value, "refused": count.was_refused}


def _parse(row: Row | None) -> CounterValue:
    if row is None:
        return CounterValue()
    value = row.values.get("count")
    is_valid = row.is_readable and type(value) is int and 0 <= value <= _MOST
    return CounterValue(value if is_valid else None, bool(row.values.get("refused")), row.etag)
