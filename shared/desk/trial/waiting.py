"""Waits for what a tenant does in its own time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A clock, and how to wait for a number of seconds."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    def for_result(
        self, attempt: Callable[[], T | None], *, at_most: timedelta, every: timedelta
    ) -> T | None:
        """Return the first result of `attempt` that is not None; None if there is none in time.

        It is called at least once, and once more at the end of the time.
        """
        end = self.now() + at_most
        while True:
            result = attempt()
            left = end - self.now()
            if result is not None or left <= timedelta(0):
                return result
            self.pause(min(every, left))

    def pause(self, time: timedelta) -> None:
        """Wait."""
        self.sleep(time.total_seconds())
