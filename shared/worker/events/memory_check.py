"""Checks before a write that the memory of past writes is complete."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from shared.storage.memory_marker import MemoryMarker

#: how long a marker that was found counts, and how soon a missing one is looked up again
_WHOLE_FOR = timedelta(minutes=3)
_MISSING_FOR = timedelta(seconds=30)


class MemoryCheck:
    """Looks up the memory's marker, at most every 30 s or three minutes. Threads may share it."""

    def __init__(self, marker: MemoryMarker, now: Callable[[], datetime]) -> None:
        self._marker = marker
        self._now = now
        self._lock = Lock()
        self._is_whole = False
        self._read_at: datetime | None = None

    def is_whole(self) -> bool:
        """Return whether the memory is complete, so that writes are allowed. Raises StorageUnavailable."""
        now = self._now()
        with self._lock:
            valid_for = _WHOLE_FOR if self._is_whole else _MISSING_FOR
            if self._read_at is not None and self._read_at <= now < self._read_at + valid_for:
                return self._is_whole
        is_whole = self._marker.exists()  # without the lock: a call over the network
        with self._lock:
            self._is_whole, self._read_at = is_whole, now
        return is_whole
