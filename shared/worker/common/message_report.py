"""A report on a handled message, for its one log line."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from shared.domain.decision import Level, Outcome
from shared.graph.sender import Tally
from shared.worker.common.ending import Ending

MessageKind = TypeVar("MessageKind")

_LEVELS = {Level.INFO: logging.INFO, Level.WARNING: logging.WARNING, Level.ERROR: logging.ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReport(Generic[MessageKind]):
    """A handled message: how it ended, when the work on it began and ended, and the calls that it took.

    `message` is None if it could not be read. `taken` is when the host took it, by the queue service's clock.
    """

    ending: Ending
    message: MessageKind | None
    started: datetime
    finished: datetime
    taken: datetime | None
    tally: Tally

    @property
    def level(self) -> int:
        """The level of the line, a number of `logging`."""
        if self.ending.outcome is Outcome.FAILED:
            return logging.ERROR
        return _LEVELS[self.ending.reason.level]

    @property
    def duration_seconds(self) -> float:
        """How long the work took; not negative, even if the clock was set back."""
        return round(max((self.finished - self.started).total_seconds(), 0.0), 3)

    @property
    def retry_seconds(self) -> float | None:
        """In how many seconds the next message is visible, None if there is none."""
        has_next = self.ending.next_message is not None or self.ending.delay > timedelta(0)
        return round(self.ending.delay.total_seconds(), 1) if has_next else None

    def waited_seconds(self, queued: datetime | None, received: datetime) -> float:
        """Return how long the message was in the queue, by the queue service's clock if it is known."""
        if self.taken is not None and queued is not None:
            waited = self.taken - queued
        else:
            waited = self.started - received
        return round(max(waited.total_seconds(), 0.0), 3)
