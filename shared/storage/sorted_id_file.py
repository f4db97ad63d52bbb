"""Keeps ids on disk in sorted order, so that memory does not grow with the tenant.

Graph lists users unordered, and some of them twice. The `mailboxes` table lists its rows in the order of ids.
A SQLite database without a name is a temporary file that its end deletes: it sorts, and keeps each id once.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self


class SortedIdFile:
    """Object ids in lower case, each with a text.

    In a scope it is why the mailbox can't be watched, else the kinds of which it must be (`kinds_text`).
    """

    def __enter__(self) -> Self:
        # Autocommit: after a crash the file is not used again.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("CREATE TABLE ids (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, items: Iterable[tuple[str, str]]) -> None:
        """Add pairs of id and text; an id that is there keeps its text."""
        self._write("INSERT OR IGNORE INTO ids VALUES (?, ?)", items)

    def remove(self, ids: Iterable[str]) -> None:
        """Remove ids."""
        self._write("DELETE FROM ids WHERE id = ?", ((one,) for one in ids))

    def clear(self) -> None:
        """Remove all ids."""
        self._database.execute("DELETE FROM ids")

    def __contains__(self, one: str) -> bool:
        return bool(self._database.execute("SELECT 1 FROM ids WHERE id = ?", (one,)).fetchone())

    def text(self, one: str) -> str | None:
        """Return the text of an id, None if the id is missing."""
        found = self._database.execute("SELECT text FROM ids WHERE id = ?", (one,)).fetchone()
        return None if found is None else str(found[0])

    def __len__(self) -> int:
        [count] = self._database.execute("SELECT count(*) FROM ids").fetchone()
        return int(count)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from self._database.execute("SELECT id, text FROM ids ORDER BY id")

    def _write(self, statement: str, rows: Iterable[tuple[str, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, rows)
        self._database.execute("COMMIT")
