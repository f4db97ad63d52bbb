"""Prepares the standard streams: their encoding, and what happens if one is closed.

A reader may end early (`joinlink … | head`), and a service may start a command with closed streams. The
command carries on in silence and ends with its usual exit code: a pipeline asks for the result, and a command
that writes must not stop half-way.
"""

import errno
import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

#: errors of a write to a pipe that nobody reads; Windows has the second one
_CLOSED = {errno.EPIPE, errno.EINVAL} if os.name == "nt" else {errno.EPIPE}


def prepare() -> None:
    """Set up the standard streams: a pipe on Windows encodes only 256 letters unless it is set to UTF-8.

    A stream that the caller closed (`<&-`, `>&-`, some services) is None in Python; it becomes an empty one.
    """
    sys.stdin = sys.stdin or _empty("r")
    sys.stdout = _prepared(sys.stdout) if sys.stdout else _empty("w")
    sys.stderr = _prepared(sys.stderr) if sys.stderr else _empty("w")


class _UntilClosed(FileIO):
    """A file that drops what is written after its reader has gone."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in _CLOSED:
                raise
            return memoryview(data).nbytes


def _prepared(stream: TextIO) -> TextIO:
    """Return the stream in UTF-8, except on a terminal; it drops output after its reader has gone."""
    if not isinstance(stream, TextIOWrapper):
        return stream
    if stream.isatty() or not isinstance(getattr(stream.buffer, "raw", stream.buffer), FileIO):
        encoding = stream.encoding if stream.isatty() else "utf-8"
        stream.reconfigure(encoding=encoding, errors="backslashreplace")
        return stream
    stream.flush()
    raw = _UntilClosed(stream.fileno(), "w", closefd=False)
    is_unbuffered = isinstance(stream.buffer, FileIO)  # PYTHONUNBUFFERED is set
    return TextIOWrapper(
        cast("BinaryIO", raw) if is_unbuffered else BufferedWriter(raw),
        "utf-8",
        "backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _empty(mode: str) -> Any:
    return Path(os.devnull).open(mode, encoding="utf-8")
