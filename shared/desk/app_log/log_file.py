"""The app's log in a file or a pipe: one line after the other, whatever its size."""

from collections.abc import Iterator, Sequence
from heapq import nsmallest
from typing import BinaryIO

from shared.desk.app_log.app_log import MOST_LINES, LogSearch
from shared.desk.app_log.endings import EndingCounts, Period
from shared.desk.app_log.logged_line import LoggedLine, parse_line

#: A line of ours has at most 32,000 characters, and more in an export that escapes them.
_LONGEST_LINE = 1 << 20


class LogFile:
    """An `AppLog` that reads the rest of an open file; a pipe can be read once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def lines(self, search: LogSearch) -> Sequence[LoggedLine]:
        """Return the lines that are found, oldest first; at most the first `MOST_LINES`. Raises OSError."""
        return nsmallest(MOST_LINES, self._found(search), key=lambda line: line.at)

    def endings(self, period: Period) -> EndingCounts:
        """Return how the messages of a period ended. Raises OSError."""
        counts = EndingCounts()
        for text in self._texts():
            line = parse_line(text)
            if line is None:
                counts.unread += 1
            elif line.at in period:
                counts.add_line(line)
        return counts

    def _found(self, search: LogSearch) -> Iterator[LoggedLine]:
        for text in self._texts():
            if search.texts and not any(each in text for each in search.texts):
                continue
            line = parse_line(text)
            if line and line.at in search.period and (not search.events or line.event in search.events):
                yield line

    def _texts(self) -> Iterator[str]:
        """Yield the lines that are not empty; the rest of one that is too long counts as a line."""
        while piece := self._file.readline(_LONGEST_LINE):
            # PowerShell writes UTF-16, whose letters of ours are ASCII with zeros in between.
            if text := piece.replace(b"\0", b"").decode("utf-8", "replace").strip():
                yield text
