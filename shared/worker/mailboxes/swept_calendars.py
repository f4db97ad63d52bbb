"""The calendars of one sweep: the default one, then those that the mailbox owns, one after the other."""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.deadline import deadline
from shared.errors import (
    EventNotFound,
    GraphError,
    GraphUnavailable,
    JoinlinkError,
    NotConnected,
    OutOfTime,
    Throttled,
    Unauthorized,
)
from shared.graph.client import Graph
from shared.rules.policy import CalendarScope, Policy
from shared.storage.known_calendars import NONE_KNOWN
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.events.owned_calendars import owned_calendars
from shared.worker.mailboxes.first_sweep import FirstSweepPace, after_begin, after_end

#: A slow list must not delay the sweep of the default calendar for long.
_LIST_TIME = timedelta(seconds=10)
#: After this many tries a calendar that fails is left to the next sweep.
_TRIES = 3
#: errors that say nothing about one calendar
_GENERAL = (Throttled, Unauthorized, NotConnected)


class SweptCalendars:
    """What one message of a sweep knows of a mailbox's calendars; `pace` is for those that are new.

    Attributes:
        unread: why a calendar can't be read, by its id; "" is the list of calendars.
    """

    def __init__(self, row: Mailbox, pace: FirstSweepPace) -> None:
        self.pace = pace
        self.unread: dict[str, str] = {}
        self._mailbox = row.id
        self._known = row.calendars
        self._stored = row.calendars, row.calendars_due

    def read_list(self, policy: Policy, graph: Graph, now: datetime) -> None:
        """Read which calendars the mailbox owns, if that is due. If Graph fails, those known before stay.

        Raises:
            Throttled: the whole sweep must wait.
        """
        if policy.calendars is CalendarScope.DEFAULT:
            self._known = NONE_KNOWN
            return
        if not self._known.is_list_due(now):
            return
        try:
            with deadline(_LIST_TIME):
                listed = graph.calendars(self._mailbox)
        except Throttled:
            raise
        except (GraphError, OutOfTime) as error:
            self.unread[""] = str(error)
            return
        self._known = self._known.as_listed(owned_calendars(listed), now)

    def _begin_next(self, calendar: str, now: datetime) -> str:
        following = self._known.get(self._known.after(calendar, now))
        if following and following.new_since:
            self._known = self._known.with_calendar(after_begin(following, now))
        return following.id if following else ""

    def is_new(self, calendar: str) -> bool:
        """Return whether the first sweep of a calendar is under way."""
        known = self._known.get(calendar)
        return known is not None and known.new_since is not None

    @property
    def new(self) -> int:
        """How many calendars have a first sweep under way."""
        return sum(one.new_since is not None for one in self._known.calendars)

    @property
    def waiting(self) -> int:
        """How many calendars a later sweep searches, because the mailbox owns too many."""
        return self._known.left_out

    def end(self, calendar: str, now: datetime, *, is_complete: bool) -> str:
        """Note the end of a calendar, and begin the next; return its id, "" after the last one.

        `is_complete`, all events are queued that should be.
        """
        known = self._known.get(calendar)
        if known and known.new_since:
            self._known = self._known.with_calendar(after_end(known, now, is_complete=is_complete))
        return self._begin_next(calendar, now)

    def skip(self, calendar: str, error: JoinlinkError, now: datetime) -> str:
        """Leave a calendar that can't be read to the next sweep, and begin the next one, as `end` does.

        A calendar that does not exist is forgotten, and the list is read again.
        """
        following, known = self._begin_next(calendar, now), self._known.get(calendar)
        if isinstance(error, EventNotFound):
            self._known = replace(self._known.without(calendar), listed=None)
            return following
        self.unread[calendar] = str(error)
        if known:  # no part is due before the next sweep: it might fail every hour
            self._known = self._known.with_calendar(replace(known, due=None))
        return following

    def store(self, mailboxes: Mailboxes) -> None:
        """Write what is known to the mailbox's row, if it changed."""
        changed = self._known, self._known.due
        if changed == self._stored:
            return
        text = self._known.encode() if self._known != NONE_KNOWN else None
        mailboxes.update(self._mailbox, calendars=text, calendars_due=self._known.due)
        self._stored = changed


def is_failure_of_calendar(error: JoinlinkError, attempt: int) -> bool:
    """Return whether to continue without the calendar that failed, after this many earlier failures."""
    if isinstance(error, _GENERAL):
        return False
    if isinstance(error, GraphUnavailable | OutOfTime):
        return attempt >= _TRIES - 1
    return isinstance(error, GraphError)
