"""The port through which commands search the app's log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.desk.app_log.endings import EndingCounts, Period
from shared.desk.app_log.logged_line import LoggedLine

#: more lines than one search is for
MOST_LINES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSearch:
    """Which lines to find: of a period, of some events, with one of these texts anywhere in the line.

    The texts are ids: of a mailbox, an event, a trace. Without events or without texts, any will do.
    """

    period: Period
    events: Sequence[str] = ()
    texts: Sequence[str] = ()


class AppLog(Protocol):
    """The app's log. Every method raises LogUnavailable or SignInFailed.

    A line reaches the workspace some minutes after it was logged.
    """

    def lines(self, search: LogSearch) -> Sequence[LoggedLine]:
        """Return the lines that are found, oldest first; at most the first `MOST_LINES`."""

    def endings(self, period: Period) -> EndingCounts:
        """Return how the messages of a period ended."""
