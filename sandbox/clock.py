"""The sandbox's time, kept in a small file, so that all processes of the sandbox read the same.

The file holds two 64-bit numbers in the machine's order: what is added to the machine's monotonic clock, or
the time itself where time stands still, in microseconds since 1970; and whether time passes by itself.
"""

import mmap
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Self

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SIZE = 16


class SharedClock:
    """A clock that one process moves and all read. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open the clock that `made` made."""
        self.path = path
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SIZE)
        self._numbers = memoryview(self._memory).cast("q")
        self._moving = Lock()

    @classmethod
    def made(cls, start: datetime, *, ticks: bool = False) -> Self:
        """Make a clock in a file of its own; it stands still until it is moved, unless it `ticks`."""
        handle, name = tempfile.mkstemp(prefix="clock-")
        os.write(handle, bytes(_SIZE))
        os.close(handle)
        clock = cls(Path(name))
        clock._numbers[1] = ticks
        clock._numbers[0] = (start - _EPOCH) // _MICROSECOND - clock._passed()
        return clock

    def now(self) -> datetime:
        """Return the aware UTC time."""
        return _EPOCH + timedelta(microseconds=self._numbers[0] + self._passed())

    def advance(self, by: timedelta) -> None:
        """Move ahead, for all processes; only one process may do so."""
        with self._moving:
            self._numbers[0] += by // _MICROSECOND

    def close(self) -> None:
        """Close the file."""
        self._numbers.release()
        self._memory.close()

    def remove(self) -> None:
        """Close the file and delete it; processes that have it open go on reading the time."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _passed(self) -> int:
        return time.monotonic_ns() // 1000 if self._numbers[1] else 0
