"""Reads from the app's log how it decided about an event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.desk.app_log.app_log import AppLog, LogSearch
from shared.desk.app_log.endings import DECIDED, Period
from shared.desk.app_log.logged_line import LoggedLine
from shared.domain.messages import Source

#: the app's clock may be ahead of this machine's
_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDecision:
    """A line `event.decided` (docs/logs.md): when it was logged, and some of its keys."""

    at: datetime
    source: str
    outcome: str
    reason: str
    rule: str = ""
    #: how long the message waited in the queue
    queue_wait: timedelta = timedelta(0)

    @property
    def is_notified(self) -> bool:
        """Whether a notification of Graph was the cause."""
        return self.source == Source.NOTIFICATION

    @property
    def queued(self) -> datetime:
        """When the message was put on the queue, approximately."""
        return self.at - self.queue_wait


class DecisionLog:
    """The decisions in the app's log, which shows a line some minutes after it was logged."""

    def __init__(self, log: AppLog, now: Callable[[], datetime]) -> None:
        self._log = log
        self._now = now

    def decisions(self, event: str, since: datetime) -> list[LoggedDecision]:
        """Return the decisions about an event (immutable id) since a time, oldest first.

        Raises:
            LogUnavailable, SignInFailed: the log can't be read.
        """
        search = LogSearch(period=Period(since, self._now() + _AHEAD), events=(DECIDED,), texts=(event,))
        return [_decision(line) for line in self._log.lines(search) if line.text("event_id") == event]


def _decision(line: LoggedLine) -> LoggedDecision:
    return LoggedDecision(
        at=line.at,
        source=line.text("source"),
        outcome=line.text("outcome"),
        reason=line.text("reason"),
        rule=line.text("rule"),
        queue_wait=timedelta(seconds=_seconds(line.keys.get("queue_wait_seconds"))),
    )


def _seconds(value: Any) -> float:
    is_number = isinstance(value, int | float) and 0 <= value < timedelta(days=7).total_seconds()
    return float(value) if is_number else 0.0
