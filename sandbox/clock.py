"""A clock in a small file, so that all processes of the sandbox have the same time.

The file has two 64-bit numbers in native byte order. The second is 1 if the clock runs, 0 if it only moves
by `advance`. The first is the time in microseconds since 1970, minus the monotonic clock if the clock runs.
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
    """A clock that one process moves and all processes read. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open a clock that `create` created."""
        self.path = path
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SIZE)
        self._numbers = memoryview(self._memory).cast("q")
        self._lock = Lock()

    @classmethod
    def create(cls, start: datetime, *, ticks: bool = False) -> Self:
        """Create a clock in a new file; it moves only by `advance` unless it `ticks`."""
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
        """Move ahead for all processes; only one process may do this."""
        with self._lock:
            self._numbers[0] += by // _MICROSECOND

    def close(self) -> None:
        """Close the file."""
        self._numbers.release()
        self._memory.close()

    def remove(self) -> None:
        """Close and delete the file; processes that have it open can still read the time."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _passed(self) -> int:
        return time.monotonic_ns() // 1000 if self._numbers[1] else 0
