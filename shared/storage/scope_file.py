"""Who is in scope, set down on disk while it is read, so that memory does not grow with the tenant.

Graph lists users in no order and some of them twice, the `mailboxes` table lists its rows in the order of
ids. A nameless SQLite database is a temporary file that its end removes: it sorts, and knows each id once.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self


class ScopeFile:
    """Object ids in lower case, each with why it can't be watched, empty for those that can."""

    def __enter__(self) -> Self:
        # Autocommit: nobody reads this file after a crash.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("CREATE TABLE scope (id TEXT PRIMARY KEY, why TEXT NOT NULL) WITHOUT ROWID")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, users: Iterable[tuple[str, str]]) -> None:
        """Add pairs of id and reason; what is there stays."""
        self._write("INSERT OR IGNORE INTO scope VALUES (?, ?)", users)

    def drop(self, users: Iterable[str]) -> None:
        """Take ids out."""
        self._write("DELETE FROM scope WHERE id = ?", ((user,) for user in users))

    def clear(self) -> None:
        """Take all out."""
        self._database.execute("DELETE FROM scope")

    def __contains__(self, user: str) -> bool:
        return bool(self._database.execute("SELECT 1 FROM scope WHERE id = ?", (user,)).fetchone())

    def __len__(self) -> int:
        [count] = self._database.execute("SELECT count(*) FROM scope").fetchone()
        return int(count)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from self._database.execute("SELECT id, why FROM scope ORDER BY id")

    def _write(self, statement: str, rows: Iterable[tuple[str, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, rows)
        self._database.execute("COMMIT")
