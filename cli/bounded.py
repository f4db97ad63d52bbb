"""A file named on the command line, which may be a pipe or a device: bounded in size and time."""

import errno
import os
import select
import stat
import sys
from pathlib import Path
from time import monotonic

STDIN = Path("-")
#: how long a pipe may take
_SECONDS = 60.0
_PIECE = 1 << 16
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_bounded(file: Path, most: int, *, seconds: float = _SECONDS) -> bytes:
    """Return the first `most` bytes of a file, or of stdin for "-".

    Raises:
        OSError: it can't be read, or a pipe did not end in so many seconds.
    """
    if file == STDIN:
        return sys.stdin.buffer.read(most)
    # A pipe without a writer would be waited for, so it is opened without waiting.
    with os.fdopen(os.open(file, _FLAGS), "rb", buffering=0) as opened:
        if stat.S_ISDIR(os.fstat(opened.fileno()).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        return _read(opened.fileno(), most, str(file), monotonic() + seconds)


def _read(handle: int, most: int, name: str, ends: float) -> bytes:
    content = bytearray()
    while len(content) < most and _has_more(handle, name, ends):
        piece = os.read(handle, min(_PIECE, most - len(content)))
        if not piece:
            break
        content += piece
    return bytes(content)


def _has_more(handle: int, name: str, ends: float) -> bool:
    """Wait until the next bytes, or the end, can be read."""
    if not hasattr(select, "poll"):  # Windows, which has no such pipes
        return True
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    if not poll.poll(max(ends - monotonic(), 0) * 1000):
        raise TimeoutError(errno.ETIMEDOUT, "it did not end in time; save it in a file first", name)
    return True
