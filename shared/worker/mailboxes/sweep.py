"""Sweeps a mailbox: finds the events that should have a link and were missed by notifications.

A sweep searches the default calendar first, then the others that the mailbox owns. If one of those can't be
read, the sweep continues without it.

A sweep only queues the events that would get a link. The worker reads each of them and decides again. So a
sweep may be repeated or break off at any time. If it does not fit into one message, the next message
continues with the next page.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

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
from shared.logs import logger
from shared.storage.counters import Counters
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.common import delays
from shared.worker.common.ending import Ending, ending_for_error, retry_later, wait_for_rules
from shared.worker.common.policy_reloader import PolicyReloader
from shared.worker.common.world import World
from shared.worker.events.attendee_mails import mails
from shared.worker.events.calendar_search import CalendarSearcher, FoundEvent
from shared.worker.mailboxes.first_sweep import FirstSweepPace, half_of_limits
from shared.worker.mailboxes.sweep_part import (
    PAGE_TIME,
    SMALL_PAGES_FOR,
    SweepPart,
    graph_time,
    has_less_than,
    new_search,
    page_size_of,
)
from shared.worker.mailboxes.sweep_progress import SweepProgress
from shared.worker.mailboxes.swept_calendars import SweptCalendars, is_failure_of_calendar
from shared.worker.mailboxes.unreadable_events import log_unreadable

#: The notification of a change may take this long.
_NOTIFICATION_DELAY = timedelta(minutes=10)
#: Messages for one mailbox are handled one after the other, so their delays differ.
_INTERVAL = timedelta(seconds=0.5)


class Sweeper:
    """Sweeps mailboxes; all threads of a process share one instance."""

    def __init__(
        self,
        *,
        world: World,
        policies: PolicyReloader,
        searcher: CalendarSearcher,
        mailboxes: Mailboxes,
        counters: Counters,
        queue: QueueSender,
    ) -> None:
        self._world = world
        self._policies = policies
        self._searcher = searcher
        self._mailboxes = mailboxes
        self._counters = counters
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
        progress = SweepProgress.decode(task.mark) or SweepProgress(start=now)
        notified_until = min(graph_time(graph) or now, now) - _NOTIFICATION_DELAY
        pace = FirstSweepPace(half_of_limits(self._counters, row.id, now), progress.slots)
        calendars = SweptCalendars(row, pace)
        part = SweepPart(
            task,
            row,
            new_search(task, row, policy, progress, now=now),
            calendars,
            progress,
            watched=None if row.needs_sweep or row.last_sweep is None else (row.last_sweep, notified_until),
        )
        if not (progress.calendar or progress.page):
            calendars.read_list(policy, graph, now)
        try:
            return self._sweep(part, graph)
        finally:
            self._store(part, now)

    def _sweep(self, part: SweepPart, graph: Graph) -> Ending:
        try:
            while self._do_page_or_skip(part, graph):
                if has_less_than(PAGE_TIME):
                    again = replace(part.task, mark=part.progress.encode(), attempt=0)
                    return retry_later(again, Reason.MORE_PAGES, timedelta(0))
        except JoinlinkError as error:
            if not (part.progress.page or part.progress.calendar):
                raise
            return self._retry(error, part)
        finally:
            log_unreadable(
                part.task,
                part.row,
                events=part.search.unreadable,
                calendars=part.calendars.unread,
                mailboxes=self._mailboxes,
                now=self._world.now(),
            )
        return self._finish(part)

    def _do_page_or_skip(self, part: SweepPart, graph: Graph) -> bool:
        """Do the next page, or leave a calendar that can't be read; return whether there is another page."""
        calendar, now = part.search.calendar, self._world.now()
        try:
            if self._do_page(part, graph):
                return True
        except (GraphError, OutOfTime) as error:
            if not calendar or not is_failure_of_calendar(error, part.task.attempt):
                raise
            following = part.calendars.skip(calendar, error, now)
            unread = part.progress.unread + (calendar in part.calendars.unread)
            part.progress = replace(part.progress, unread=unread)
        else:
            following = part.calendars.end(calendar, now, is_complete=not part.progress.postponed)
            part.progress = replace(part.progress, calendars=part.progress.calendars + 1)
        return self._begin_calendar(part, following)

    def _begin_calendar(self, part: SweepPart, calendar: str) -> bool:
        """Continue with the first page of a calendar; return whether there is one."""
        if not calendar:
            return False
        part.search, part.progress = part.search.in_calendar(calendar), part.progress.in_calendar(calendar)
        if part.calendars.is_new(calendar):  # so that a sweep that breaks off does not queue its part twice
            part.calendars.store(self._mailboxes)
        return True

    def _do_page(self, part: SweepPart, graph: Graph) -> bool:
        """Do the next page of a calendar; return whether there is another."""
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
        if part.is_new and part.calendars.pace.is_full and not search.is_over:
            part.progress = replace(part.progress, postponed=part.progress.postponed + 1)
            return False
        return not search.is_over

    def _do_event(self, found: FoundEvent, part: SweepPart, progress: SweepProgress) -> SweepProgress:
        """Queue an event that should get a link; return the progress with this event counted."""
        if found.verdict is Verdict.WOULD_ENABLE:
            return replace(progress, would_enable=progress.would_enable + 1)
        if found.verdict is not Verdict.ENABLE:
            return progress
        delay = self._delay(found, part)
        if delay is None:
            return replace(progress, postponed=progress.postponed + 1)
        change = EventChange(
            mailbox=part.search.mailbox,
            event=found.id,
            source=Source.SWEEP,
            received=self._world.now(),
            trace=self._world.new_id(),
            watched=None if part.search.calendar else part.watched,  # only the default one is notified
        )
        self._queue.send(change.encode(), delay)
        part.queued += 1
        slots = part.calendars.pace.used
        return replace(progress, queued=progress.queued + 1, slots=slots)

    def _delay(self, found: FoundEvent, part: SweepPart) -> timedelta | None:
        """Return how long an event waits on the queue; None if a later part of a first sweep queues it."""
        if not part.is_new:
            return part.queued * _INTERVAL
        rule = part.search.policy.rule(found.rule) if found.rule else None
        return part.calendars.pace.place(rule, mails(found.event))

    def _retry(self, error: JoinlinkError, part: SweepPart) -> Ending:
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

    def _finish(self, part: SweepPart) -> Ending:
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
            calendars=progress.calendars,
            calendars_unread=progress.unread,
            calendars_new=part.calendars.new,
            calendars_waiting=part.calendars.waiting,
            window_days=policy.sweep.window.days,
            policy=policy.hash,
        )
        return Ending(outcome=Outcome.SWEPT, reason=Reason.WINDOW_SEARCHED, policy_hash=policy.hash)

    def _store(self, part: SweepPart, now: datetime) -> None:
        """Store what is known of the calendars, and a smaller page size that the mailbox needed."""
        size = part.search.page_size
        # If this fails, the next sweep finds it out again. It must not hide another error.
        with suppress(StorageUnavailable, OutOfTime):
            part.calendars.store(self._mailboxes)
            if size < page_size_of(part.row, now):
                until = now + SMALL_PAGES_FOR
                self._mailboxes.update(part.task.mailbox, page_size=size, page_until=until)
