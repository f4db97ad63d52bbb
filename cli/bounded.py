"""Reads a file from the command line, which may be a pipe or a device, within bounds of size and time."""

import errno
import os
import select
import stat
import sys
from pathlib import Path
from time import monotonic

STDIN = Path("-")
#: the time in which a pipe must end
_SECONDS = 60.0
_PIECE = 1 << 16
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_bounded(file: Path, most: int, *, seconds: float = _SECONDS) -> bytes:
    """Return the first `most` bytes of a file, or of stdin for `-`.

    Raises:
        OSError: it can't be read, or a pipe did not end within `seconds`.
    """
    if file == STDIN:
        return sys.stdin.buffer.read(most)
    # Without O_NONBLOCK, opening a pipe waits for a writer.
    with os.fdopen(os.open(file, _FLAGS), "rb", buffering=0) as opened:
        if stat.S_ISDIR(os.fstat(opened.fileno()).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        return _read(opened.fileno(), most, str(file), monotonic() + seconds)


def _read(handle: int, most: int, name: str, ends: float) -> bytes:
    content = bytearray()
    while len(content) < most:
        _wait_for_more(handle, name, ends)
        piece = os.read(handle, min(_PIECE, most - len(content)))
        if not piece:
            break
        content += piece
    return bytes(content)


def _wait_for_more(handle: int, name: str, ends: float) -> None:
    """Wait for the next bytes or the end."""
    if not hasattr(select, "poll"):  # Windows, which has no such pipes
        return
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    if not poll.poll(max(ends - monotonic(), 0) * 1000):
        raise TimeoutError(errno.ETIMEDOUT, "it did not end in time; save it in a file first", name)
