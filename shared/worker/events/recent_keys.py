"""A dictionary of bounded size that threads may share."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class RecentKeys(Generic[Key, Value]):
    """Maps keys to values. Beyond `limit` keys, it drops the one that was set longest ago."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def set(self, key: Key, value: Value) -> None:
        """Add a key or replace its value; either makes it the most recent key."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._limit:
                self._values.popitem(last=False)

    def get(self, key: Key) -> Value | None:
        """Return the key's value, None if there is none."""
        with self._lock:
            return self._values.get(key)

    def pop(self, key: Key) -> Value | None:
        """Remove a key and return its value, None if there is none."""
        with self._lock:
            return self._values.pop(key, None)
