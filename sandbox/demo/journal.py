"""The app's log as it is written: kept line by line in a file, and in memory for those who watch."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import IO, Any

Line = dict[str, Any]

#: What the host says of an exception that a function let out; the host keeps the exception itself.
_HOSTS_OWN = "Function."


class Journal(logging.Handler):
    """A handler on the root logger, where the Functions host has its own.

    Joinlink's lines go to the file. Whatever else somebody has to say, from warning up, is kept aside, so
    that nothing is lost and nothing disturbs the screen.
    """

    def __init__(self, file: IO[str]) -> None:
        super().__init__()
        self._file = file
        self._changed = Condition()
        self._lines: list[Line] = []
        self.others: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        text = record.getMessage()
        if record.name != "joinlink":
            if record.levelno >= logging.WARNING and not record.name.startswith(_HOSTS_OWN):
                self.others.append(f"{record.name}: {text}")
            return
        with self._changed:
            self._file.write(f"{text}\n")
            self._lines.append(json.loads(text))
            self._changed.notify_all()

    @property
    def length(self) -> int:
        """How many lines there are so far."""
        return len(self._lines)

    def lines(self) -> list[Line]:
        """Return the lines so far."""
        with self._changed:
            return list(self._lines)

    def wait_for(self, wanted: Callable[[Line], bool], seconds: float) -> bool:
        """Wait until there is such a line; False if there is none in time."""
        with self._changed:
            return self._changed.wait_for(lambda: any(map(wanted, self._lines)), seconds)


@contextmanager
def journal(path: Path) -> Iterator[Journal]:
    """Keep a journal while the block lasts; an earlier file is replaced."""
    root = logging.getLogger()
    with path.open("w", encoding="utf-8", buffering=1) as file:
        handler = Journal(file)
        root.addHandler(handler)
        try:
            yield handler
        finally:
            root.removeHandler(handler)
