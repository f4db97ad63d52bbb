"""Keeps what a preview has read in a file of this user, so that the same command resumes after Ctrl-C.

It is a SQLite database: a kill never leaves half a mailbox in it, and its lock keeps a second preview out.
The file has organizers and times of meetings, so only its user can read it, and the end of the preview
deletes it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from errno import EIO
from hashlib import sha256
from pathlib import Path
from time import time
from types import TracebackType
from typing import Self

from shared.desk.preview.encoding import decode, decode_meeting, encode, encode_meeting
from shared.desk.preview.previewed import PreviewedMailbox, PreviewedMeeting
from shared.errors import PreviewRunning

#: The same command resumes for so long; then calendars have changed too much.
_RESUMABLE = timedelta(days=1)
_PREFIX = "preview-"


class _KeptMeetings:
    """The meetings of one mailbox in the file: `count` of them follow the position `after`."""

    def __init__(self, database: sqlite3.Connection, after: int, count: int) -> None:
        self._database = database
        self._after = after
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PreviewedMeeting]:
        query = "SELECT text FROM meetings WHERE position > ? ORDER BY position LIMIT ?"
        for [text] in self._database.execute(query, (self._after, self._count)):
            yield decode_meeting(text)


class PreviewJournal:
    """The mailboxes that were read for one `purpose`, in their order.

    Attributes:
        started: when the preview began; its decisions are those of this time.
        is_resumed: whether an earlier command read some of the mailboxes.
        is_kept: whether the file survives this command; if not, a stop loses what was read.
    """

    def __init__(self, folder: Path, purpose: str, now: datetime) -> None:
        """Open the file for this purpose in `folder`, or create it.

        Raises:
            PreviewRunning: another preview has the same purpose.
        """
        self._path = folder / f"{_PREFIX}{sha256(purpose.encode()).hexdigest()[:16]}.sqlite"
        self.is_kept = self._create()
        self._database = self._open()
        self._is_open = True
        self.started, self.is_resumed = self._begin(now)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open and not len(self):  # there is nothing to resume
            self.delete()
        self._is_open = False
        self._database.close()

    def __contains__(self, mailbox: str) -> bool:
        found = self._database.execute("SELECT 1 FROM mailboxes WHERE id = ?", (mailbox,))
        return found.fetchone() is not None

    def __iter__(self) -> Iterator[PreviewedMailbox]:
        query = "SELECT text, after, meetings FROM mailboxes ORDER BY position"
        for text, after, count in self._database.execute(query):
            yield decode(text, _KeptMeetings(self._database, after, count))

    def __len__(self) -> int:
        [count] = self._database.execute("SELECT count(*) FROM mailboxes").fetchone()
        return int(count)

    def add(self, mailbox: PreviewedMailbox) -> None:
        """Add a mailbox with all its meetings, or nothing of it.

        Raises:
            OSError: the disk is full.
        """
        meetings = ((encode_meeting(each),) for each in mailbox.meetings)
        try:
            with self._database:  # commits, or rolls back
                self._database.execute("BEGIN")
                [after] = self._database.execute("SELECT ifnull(max(position), 0) FROM meetings").fetchone()
                self._database.executemany("INSERT INTO meetings (text) VALUES (?)", meetings)
                self._database.execute(
                    "INSERT INTO mailboxes (id, text, after, meetings) VALUES (?, ?, ?, ?)",
                    (mailbox.mailbox, encode(mailbox), after, len(mailbox.meetings)),
                )
        except sqlite3.Error as error:
            raise OSError(EIO, str(error), str(self._path)) from error

    def delete(self) -> None:
        """Delete the file: nothing is left to resume."""
        self._is_open = False
        self._database.close()
        if self.is_kept:
            with suppress(OSError):
                self._path.unlink()

    def _create(self) -> bool:
        """Create the file, readable by this user alone; return whether that is possible."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _delete_old(self._path.parent)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError:
            return False
        return True

    def _open(self) -> sqlite3.Connection:
        place = str(self._path) if self.is_kept else ""
        database = sqlite3.connect(place, isolation_level=None, timeout=0)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA synchronous = OFF")  # it must survive a kill, not a power cut
            database.execute("BEGIN EXCLUSIVE")
            database.execute("CREATE TABLE IF NOT EXISTS run (started TEXT NOT NULL)")
            database.execute(
                "CREATE TABLE IF NOT EXISTS mailboxes"
                " (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL,"
                " after INTEGER NOT NULL, meetings INTEGER NOT NULL)"
            )
            database.execute(
                "CREATE TABLE IF NOT EXISTS meetings (position INTEGER PRIMARY KEY, text TEXT NOT NULL)"
            )
            database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            database.close()
            raise PreviewRunning(
                "another preview of the same calendars and rules is running: wait for its end, or stop it"
            ) from error
        except sqlite3.DatabaseError:  # not a database, or damaged
            database.close()
            self._path.write_bytes(b"")
            return self._open()
        return database

    def _begin(self, now: datetime) -> tuple[datetime, bool]:
        found = self._database.execute("SELECT started FROM run").fetchone()
        started = datetime.fromisoformat(found[0]) if found else now
        if found and started <= now < started + _RESUMABLE:
            return started, len(self) > 0
        self._database.execute("DELETE FROM mailboxes")
        self._database.execute("DELETE FROM meetings")
        self._database.execute("DELETE FROM run")
        self._database.execute("INSERT INTO run VALUES (?)", (now.isoformat(),))
        return now, False


def _delete_old(folder: Path) -> None:
    """Delete files that no command resumes any more, by the clock that dates files."""
    for file in folder.glob(f"{_PREFIX}*.sqlite*"):
        with suppress(OSError):  # another preview may delete it at the same time
            if file.stat().st_mtime < time() - 2 * _RESUMABLE.total_seconds():
                file.unlink()
