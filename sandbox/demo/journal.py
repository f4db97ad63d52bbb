"""Joinlink's log as it is written: kept in a file, and in memory for the demo's progress and verdict."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import IO, Any

Line = dict[str, Any]

#: The host's logger for exceptions that a function raises; the host keeps the exceptions themselves.
_HOST_LOGGER = "Function."


class Journal(logging.Handler):
    """A handler on the root logger, like the Functions host's own.

    Joinlink's lines go to the file. Warnings and errors of other loggers are kept in `others`.
    """

    def __init__(self, file: IO[str]) -> None:
        super().__init__()
        self._file = file
        self._changed = Condition()
        self._lines: list[Line] = []
        self.others: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        text = record.getMessage()
        if record.name != "joinlink":
            if record.levelno >= logging.WARNING and not record.name.startswith(_HOST_LOGGER):
                self.others.append(f"{record.name}: {text}")
            return
        with self._changed:
            self._file.write(f"{text}\n")
            self._lines.append(json.loads(text))
            self._changed.notify_all()

    @property
    def length(self) -> int:
        """The number of lines so far."""
        return len(self._lines)

    def lines(self) -> list[Line]:
        """Return the lines so far."""
        with self._changed:
            return list(self._lines)

    def wait_for(self, is_wanted: Callable[[Line], bool], seconds: float) -> bool:
        """Wait until there is such a line; return False after `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: any(map(is_wanted, self._lines)), seconds)


@contextmanager
def journal(path: Path) -> Iterator[Journal]:
    """Write the log to a new file at `path` until the block ends."""
    root = logging.getLogger()
    with path.open("w", encoding="utf-8", buffering=1) as file:
        handler = Journal(file)
        root.addHandler(handler)
        try:
            yield handler
        finally:
            root.removeHandler(handler)
