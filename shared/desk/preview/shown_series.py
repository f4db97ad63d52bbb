"""Keeps on disk what a calendar's window shows of each series: memory does not grow with their number."""

import pickle
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from errno import EIO
from types import TracebackType
from typing import NamedTuple, Self

from shared.domain.event import Event

#: what an error names if the disk is full
TEMPORARY = "the folder for temporary files"
_NOTE = (
    "INSERT INTO series VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (master) DO UPDATE SET"
    " first = min(first, ?2), needs = max(needs, ?4),"
    " last = CASE WHEN ?3 >= end THEN ?5 ELSE last END, end = max(end, ?3)"
)


class Shown(NamedTuple):
    """A series: its master's id, the start of its first occurrence in the window, and its last occurrence.

    `needs_master` is whether the master must be read for the decision.
    """

    master: str
    start: datetime
    last: Event
    needs_master: bool


class ShownSeries:
    """The series of one calendar. A SQLite database without a name is a file that its end deletes."""

    def __enter__(self) -> Self:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(
            "CREATE TABLE series (master TEXT PRIMARY KEY, first TEXT, end TEXT, needs INTEGER, last BLOB)"
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def note(self, master: str, occurrence: Event, *, needs_master: bool) -> None:
        """Note an occurrence; times are compared as text, for all are in UTC and have microseconds.

        Raises:
            OSError: the disk is full.
        """
        start, end = _text(occurrence.start), _text(occurrence.end)
        try:
            self._database.execute(_NOTE, (master, start, end, needs_master, pickle.dumps(occurrence)))
        except sqlite3.Error as error:
            raise OSError(EIO, str(error), TEMPORARY) from error

    def __iter__(self) -> Iterator[Shown]:
        query = "SELECT master, first, needs, last FROM series ORDER BY rowid"
        for master, first, needs, last in self._database.execute(query):
            event = pickle.loads(last)  # noqa: S301 -- this command has written it, to a file without a name
            yield Shown(master, datetime.fromisoformat(first), event, bool(needs))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
