"""The part of a sweep that one message does."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.deadline import MESSAGE_TIMEOUT, seconds_left
from shared.domain.messages import MailboxTask
from shared.errors import OutOfTime
from shared.graph.client import Graph
from shared.graph.protocol.event_calls import PAGE_SIZE
from shared.rules.policy import Policy
from shared.storage.mailboxes import Mailbox
from shared.worker.events.calendar_pages import CalendarSearch
from shared.worker.mailboxes.sweep_progress import SweepProgress
from shared.worker.mailboxes.swept_calendars import SweptCalendars

#: A page is started only if this much of the message's time is left, and its single events are read until
#: this much is left. The worker decides about the others.
PAGE_TIME = timedelta(seconds=40)
_EVENT_TIME = timedelta(seconds=20)
#: A mailbox is read in smaller pages for this long; then the usual size is tried again.
SMALL_PAGES_FOR = timedelta(days=1)


@dataclass(slots=True)
class SweepPart:
    """The part of a sweep that one message does."""

    task: MailboxTask
    row: Mailbox
    search: CalendarSearch
    calendars: SweptCalendars
    #: the whole sweep up to the last finished page
    progress: SweepProgress
    #: Notifications should have reported every change between these two times; None for a first sweep.
    watched: tuple[datetime, datetime] | None
    #: events that this part queued
    queued: int = 0
    #: whether this part finished a page
    has_progressed: bool = False

    @property
    def is_new(self) -> bool:
        """Whether the first sweep of the current calendar is under way."""
        return self.calendars.is_new(self.search.calendar)


def new_search(
    task: MailboxTask, row: Mailbox, policy: Policy, progress: SweepProgress, *, now: datetime
) -> CalendarSearch:
    """Return the search that continues where earlier messages of the sweep stopped."""
    return CalendarSearch(
        mailbox=task.mailbox,
        start=progress.start,
        until=progress.start + policy.sweep.window,
        policy=policy,
        calendar=progress.calendar,
        page=progress.page,
        pages=progress.pages,
        seen=progress.seen,
        page_size=page_size_of(row, now),
        may_halve=task.attempt > 0,
        is_late=lambda: has_less_than(_EVENT_TIME),
    )


def page_size_of(row: Mailbox, now: datetime) -> int:
    """Return how many events a page of the mailbox may have."""
    is_small = row.page_size is not None and row.page_until is not None and now < row.page_until
    return min(max(row.page_size or 1, 1), PAGE_SIZE) if is_small else PAGE_SIZE


def has_less_than(time: timedelta) -> bool:
    """Return whether less than this is left of the time for this message."""
    try:
        return seconds_left(MESSAGE_TIMEOUT.total_seconds()) < time.total_seconds()
    except OutOfTime:
        return True


def graph_time(graph: Graph) -> datetime | None:
    """Return Graph's time from its last answer."""
    try:
        return parsedate_to_datetime(graph.tally.date).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
