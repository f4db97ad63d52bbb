"""Sweeps a mailbox: finds the events that should have a link and were missed by notifications.

A sweep only queues the events that would get a link. The worker reads each of them and decides again. So a
sweep may be repeated or break off at any time. If it does not fit into one message, the next message
continues with the next page.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.deadline import MESSAGE_TIMEOUT, seconds_left
from shared.domain.decision import Outcome, Reason, Verdict
from shared.domain.messages import EventChange, MailboxTask, Source
from shared.domain.queue_port import QueueSender
from shared.errors import (
    EventNotFound,
    Forbidden,
    GraphError,
    GraphUnavailable,
    JoinlinkError,
    MailboxUnusable,
    OutOfTime,
    StorageUnavailable,
    Throttled,
    Unauthorized,
)
from shared.graph.client import Graph
from shared.graph.protocol.event_calls import PAGE_SIZE
from shared.logs import logger
from shared.rules.policy import Policy
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.common import delays
from shared.worker.common.ending import Ending, ending_for_error, retry_later, wait_for_rules
from shared.worker.common.policy_reloader import PolicyReloader
from shared.worker.common.world import World
from shared.worker.events.calendar_pages import CalendarSearch
from shared.worker.events.calendar_search import CalendarSearcher, FoundEvent
from shared.worker.mailboxes.sweep_progress import SweepProgress
from shared.worker.mailboxes.unreadable_events import log_unreadable

#: The notification of a change may take this long.
_NOTIFICATION_DELAY = timedelta(minutes=10)
#: Messages for one mailbox are handled one after the other, so their delays differ.
_INTERVAL = timedelta(seconds=0.5)
#: A page is started only if this much of the message's time is left.
_PAGE_TIME = timedelta(seconds=20)
#: A mailbox is read in smaller pages for this long; then the usual size is tried again.
_SMALL_PAGES_FOR = timedelta(days=1)


@dataclass(slots=True)
class _SweepPart:
    """The part of a sweep that one message does."""

    task: MailboxTask
    row: Mailbox
    search: CalendarSearch
    #: the whole sweep up to the last finished page
    progress: SweepProgress
    #: Notifications should have reported every change between these two times; None for a first sweep.
    watched: tuple[datetime, datetime] | None
    #: events that this part queued
    queued: int = 0
    #: whether this part finished a page
    has_progressed: bool = False


class Sweeper:
    """Sweeps mailboxes; all threads of a process share one instance."""

    def __init__(
        self,
        *,
        world: World,
        policies: PolicyReloader,
        searcher: CalendarSearcher,
        mailboxes: Mailboxes,
        queue: QueueSender,
    ) -> None:
        self._world = world
        self._policies = policies
        self._searcher = searcher
        self._mailboxes = mailboxes
        self._queue = queue

    def sweep(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Ending:
        """Queue every event in the window that should get a link.

        Raises:
            JoinlinkError: the first page failed; the sweep must start again.
        """
        policy = self._policies.current()
        if policy is None:
            return wait_for_rules(task, self._world.uniform)
        now = self._world.now()
        part = _begin_part(task, row, policy, _graph_time(graph), now)
        try:
            return self._sweep(part, graph)
        finally:
            self._store_page_size(part, now)

    def _sweep(self, part: _SweepPart, graph: Graph) -> Ending:
        try:
            while self._do_page(part, graph):
                if _is_late():
                    again = replace(part.task, mark=part.progress.encode(), attempt=0)
                    return retry_later(again, Reason.MORE_PAGES, timedelta(0))
        except JoinlinkError as error:
            if not part.progress.page:
                raise
            return self._retry(error, part)
        finally:
            unreadable = part.search.unreadable
            log_unreadable(part.task, part.row, unreadable, self._mailboxes, self._world.now())
        return self._finish(part)

    def _do_page(self, part: _SweepPart, graph: Graph) -> bool:
        """Do the next page; return whether there is another."""
        search, progress = part.search, part.progress
        shown, unreadable = search.shown, search.unreadable_count
        for found in self._searcher.search_page(search, graph):
            progress = self._do_event(found, part, progress)
        part.has_progressed = True
        part.progress = replace(
            progress,
            page=search.page,
            pages=search.pages,
            seen=search.seen,
            events=progress.events + search.shown - shown,
            unreadable=progress.unreadable + search.unreadable_count - unreadable,
        )
        return not search.is_over

    def _do_event(self, found: FoundEvent, part: _SweepPart, progress: SweepProgress) -> SweepProgress:
        """Queue an event that should get a link; return the progress with this event counted."""
        if found.verdict is Verdict.WOULD_ENABLE:
            return replace(progress, would_enable=progress.would_enable + 1)
        if found.verdict is not Verdict.ENABLE:
            return progress
        change = EventChange(
            mailbox=part.search.mailbox,
            event=found.id,
            source=Source.SWEEP,
            received=self._world.now(),
            trace=self._world.new_id(),
            watched=part.watched,
        )
        self._queue.send(change.encode(), part.queued * _INTERVAL)
        part.queued += 1
        return replace(progress, queued=progress.queued + 1)

    def _retry(self, error: JoinlinkError, part: _SweepPart) -> Ending:
        """Retry the page that failed; if Graph refuses it, start again at the first page.

        Graph has shown the first page, so a refusal of a later one means nothing for the mailbox.
        """
        task, progress = part.task, part.progress
        is_refusal = isinstance(error, GraphError) and not isinstance(
            error, Throttled | GraphUnavailable | Unauthorized
        )
        if not is_refusal:
            attempt = 0 if part.has_progressed else task.attempt
            again = replace(task, mark=progress.encode(), attempt=attempt)
            return ending_for_error(error, again, self._world.uniform)
        denies_access = isinstance(error, Forbidden | MailboxUnusable | EventNotFound)
        restart = SweepProgress(start=self._world.now(), again=progress.again + 1)
        return retry_later(
            replace(task, mark=restart.encode(), attempt=0),
            Reason.SECOND_LOOK if denies_access else Reason.GRAPH_UNAVAILABLE,
            delays.backoff(progress.again, self._world.uniform),
            detail=str(error),
        )

    def _finish(self, part: _SweepPart) -> Ending:
        """Record and log the sweep."""
        task, row, progress = part.task, part.row, part.progress
        # Without `watched_since`, the mailbox would count as never swept.
        since = {} if row.watched_since else {"watched_since": progress.start}
        self._mailboxes.update(task.mailbox, last_sweep=progress.start, asked_until=None, **since)
        policy = part.search.policy
        logger().info(
            "mailbox.swept",
            mailbox=task.mailbox,
            trace=task.trace,
            because=task.reason,
            events=progress.events,
            queued=progress.queued,
            would_enable=progress.would_enable,
            unreadable=progress.unreadable,
            window_days=policy.sweep.window.days,
            policy=policy.hash,
        )
        return Ending(outcome=Outcome.SWEPT, reason=Reason.WINDOW_SEARCHED, policy_hash=policy.hash)

    def _store_page_size(self, part: _SweepPart, now: datetime) -> None:
        """Store a smaller page size that the mailbox needed."""
        size = part.search.page_size
        if size < _page_size(part.row, now):
            # If this fails, the next sweep finds it out again. It must not hide another error.
            with suppress(StorageUnavailable, OutOfTime):
                until = now + _SMALL_PAGES_FOR
                self._mailboxes.update(part.task.mailbox, page_size=size, page_until=until)


def _begin_part(
    task: MailboxTask, row: Mailbox, policy: Policy, graph_time: datetime | None, now: datetime
) -> _SweepPart:
    """Return the part of the sweep that this message does, from the progress of earlier messages."""
    progress = SweepProgress.decode(task.mark) or SweepProgress(start=now)
    search = CalendarSearch(
        mailbox=task.mailbox,
        start=progress.start,
        until=progress.start + policy.sweep.window,
        policy=policy,
        page=progress.page,
        pages=progress.pages,
        seen=progress.seen,
        page_size=_page_size(row, now),
        may_halve=task.attempt > 0,
        is_late=_is_late,
    )
    since = None if row.needs_sweep else row.last_sweep
    until = min(graph_time or now, now) - _NOTIFICATION_DELAY
    return _SweepPart(task, row, search, progress, watched=(since, until) if since else None)


def _page_size(row: Mailbox, now: datetime) -> int:
    is_small = row.page_size is not None and row.page_until is not None and now < row.page_until
    return min(max(row.page_size or 1, 1), PAGE_SIZE) if is_small else PAGE_SIZE


def _is_late() -> bool:
    """Return whether the time for this message is nearly over."""
    try:
        return seconds_left(MESSAGE_TIMEOUT.total_seconds()) < _PAGE_TIME.total_seconds()
    except OutOfTime:
        return True


def _graph_time(graph: Graph) -> datetime | None:
    """Return Graph's time from its last answer."""
    try:
        return parsedate_to_datetime(graph.tally.date).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
