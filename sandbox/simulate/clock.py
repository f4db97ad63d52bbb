"""The simulation's time."""

from datetime import datetime


class Clock:
    """Stands still until it is set ahead."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """Return the aware UTC time."""
        return self._now

    def set(self, now: datetime) -> None:
        """Move ahead to a moment."""
        assert now >= self._now
        self._now = now
