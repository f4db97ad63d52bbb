"""The sweep: what notifications should have told of and did not.

Only what would get its link is queued, and the worker then reads it and decides again; so a sweep that is
done twice, or breaks off half-way, does no harm. A sweep that does not fit into one message continues from
its page in the next.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.deadline import MESSAGE, seconds_left
from shared.domain.decision import Outcome, Reason, Verdict
from shared.domain.event import Event
from shared.domain.messages import EventChange, MailboxTask, Source, TaskKind, TaskReason
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
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.common import delays
from shared.worker.common.ending import Ending, ending_for_error, retry_later, wait_for_rules
from shared.worker.common.policies import Policies
from shared.worker.common.world import World
from shared.worker.events.calendar_search import CalendarSearcher, Judged, Search
from shared.worker.mailboxes.sweep_mark import SweepMark
from shared.worker.mailboxes.unreadable import report_unreadable

#: A change of the last minutes may still be on its way to us.
_ON_ITS_WAY = timedelta(minutes=10)
#: Graph's clock and those of our instances may differ by so much.
_CLOCKS = timedelta(minutes=1)
#: Events of one mailbox are looked at one after the other, so they need not come at once.
_APART = timedelta(seconds=0.5)
#: With less left of the message's time no further page is begun.
_NEEDED = timedelta(seconds=20)
#: So long a mailbox is read in smaller pages; then the usual size is tried again.
_SMALL_FOR = timedelta(days=1)


@dataclass(slots=True)
class _Sweep:
    """One part of a sweep: where it began, what it goes by, and what the sweep has found so far."""

    task: MailboxTask
    row: Mailbox
    search: Search
    #: counts all parts; `page` is the first one that is not done
    done: SweepMark
    #: Graph's clock, or ours
    now: datetime
    #: whoever changed an event since then should have been told of; None for a first sweep
    watched_since: datetime | None
    #: in this part
    queued: int = 0
    has_come_on: bool = False


class Sweeper:
    """Sweeps mailboxes; one instance serves all threads of a process."""

    def __init__(
        self,
        *,
        world: World,
        policies: Policies,
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
        """Queue every event of the window that should get a link.

        Raises:
            JoinlinkError: the first page could not be read or done; the sweep is to begin again.
        """
        policy = self._policies.current()
        if policy is None:
            return wait_for_rules(task, self._world.uniform)
        now = self._world.now()
        done = SweepMark.decode(task.mark) or SweepMark(start=now)
        search = Search(
            mailbox=task.mailbox,
            start=done.start,
            until=done.start + policy.sweep.window,
            policy=policy,
            page=done.page,
            pages=done.pages,
            seen=done.seen,
            size=_page_size(row, now),
            may_halve=task.attempt > 0,
            is_late=_is_late,
        )
        since = None if row.needs_sweep else row.last_sweep
        sweep = _Sweep(task, row, search, done, now=min(_date(graph) or now, now), watched_since=since)
        try:
            return self._sweep(sweep, graph)
        finally:
            self._note_size(sweep, now)

    def _sweep(self, sweep: _Sweep, graph: Graph) -> Ending:
        try:
            while self._do_page(sweep, graph):
                if _is_late():
                    again = replace(sweep.task, mark=sweep.done.encode(), attempt=0)
                    return retry_later(again, Reason.MORE_PAGES, timedelta(0))
        except JoinlinkError as error:
            if not sweep.done.page:
                raise
            return self._broken_off(error, sweep)
        finally:
            report_unreadable(
                sweep.task, sweep.row, sweep.search.unreadable, self._mailboxes, self._world.now()
            )
        return self._end(sweep)

    def _do_page(self, sweep: _Sweep, graph: Graph) -> bool:
        """Do the next page; return whether there is one behind it."""
        search, done = sweep.search, sweep.done
        shown, unreadable = search.shown, search.unreadable_count
        for found in self._searcher.judge_page(search, graph):
            done = self._take(found, sweep, done)
        sweep.has_come_on = True
        sweep.done = replace(
            done,
            page=search.page,
            pages=search.pages,
            seen=search.seen,
            events=done.events + search.shown - shown,
            unreadable=done.unreadable + search.unreadable_count - unreadable,
        )
        return not search.is_over

    def _take(self, found: Judged, sweep: _Sweep, done: SweepMark) -> SweepMark:
        done = replace(done, would_enable=done.would_enable + (found.verdict is Verdict.WOULD_ENABLE))
        if found.verdict is not Verdict.ENABLE:
            return done
        change = EventChange(
            mailbox=sweep.search.mailbox,
            event=found.id,
            source=Source.SWEEP,
            received=self._world.now(),
            trace=self._world.new_id(),
        )
        self._queue.send(change.encode(), sweep.queued * _APART)
        sweep.queued += 1
        return replace(done, queued=done.queued + 1, missed=done.missed + _is_missed(found.event, sweep))

    def _broken_off(self, error: JoinlinkError, sweep: _Sweep) -> Ending:
        """Have the page done again that could not be; where Graph refuses it, begin at the beginning.

        Whatever Graph says to a later page, it has let us read the first: that speaks against no mailbox.
        """
        task, done = sweep.task, sweep.done
        if not isinstance(error, GraphError) or isinstance(
            error, Throttled | GraphUnavailable | Unauthorized
        ):
            attempt = 0 if sweep.has_come_on else task.attempt
            return ending_for_error(
                error, replace(task, mark=done.encode(), attempt=attempt), self._world.uniform
            )
        speaks_against = isinstance(error, Forbidden | MailboxUnusable | EventNotFound)
        mark = SweepMark(start=self._world.now(), again=done.again + 1)
        return retry_later(
            replace(task, mark=mark.encode(), attempt=0),
            Reason.SECOND_LOOK if speaks_against else Reason.GRAPH_UNAVAILABLE,
            delays.backoff(done.again, self._world.uniform),
            detail=str(error),
        )

    def _end(self, sweep: _Sweep) -> Ending:
        task, row, done = sweep.task, sweep.row, sweep.done
        # Without a moment since when it is watched, a mailbox would be swept for ever.
        since = {} if row.watched_since else {"watched_since": done.start}
        self._mailboxes.update(task.mailbox, last_sweep=done.start, asked_until=None, **since)
        policy = sweep.search.policy
        logger().info(
            "mailbox.swept",
            mailbox=task.mailbox,
            trace=task.trace,
            because=task.reason,
            events=done.events,
            queued=done.queued,
            missed=done.missed,
            would_enable=done.would_enable,
            unreadable=done.unreadable,
            window_days=policy.sweep.window.days,
            policy=policy.hash,
        )
        ending = Ending(outcome=Outcome.SWEPT, reason=Reason.WINDOW_SEARCHED, policy_hash=policy.hash)
        if done.missed and _is_quiet(row):
            again = replace(task, task=TaskKind.SUBSCRIBE, reason=TaskReason.QUIET, attempt=0, mark="")
            return replace(ending, next_message=again)
        return ending

    def _note_size(self, sweep: _Sweep, now: datetime) -> None:
        """Keep the page size that the mailbox can bear; it is tried larger in a day."""
        size = sweep.search.size
        if size < _page_size(sweep.row, now):
            # Where that fails it is found out again, and no error under way is hidden by it.
            with suppress(StorageUnavailable, OutOfTime):
                self._mailboxes.update(sweep.task.mailbox, page_size=size, page_until=now + _SMALL_FOR)


def _page_size(row: Mailbox, now: datetime) -> int:
    is_small = row.page_size is not None and row.page_until is not None and now < row.page_until
    return min(max(row.page_size or 1, 1), PAGE_SIZE) if is_small else PAGE_SIZE


def _is_late() -> bool:
    """Tell whether the time for this message is nearly over."""
    try:
        return seconds_left(MESSAGE.total_seconds()) < _NEEDED.total_seconds()
    except OutOfTime:
        return True


def _date(graph: Graph) -> datetime | None:
    """Return Graph's clock as its last answer told it."""
    try:
        return parsedate_to_datetime(graph.tally.date).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _is_missed(event: Event, sweep: _Sweep) -> bool:
    """Tell whether the event was changed while the mailbox was watched, so that we should have been told."""
    if sweep.watched_since is None or event.last_modified is None:
        return False
    return sweep.watched_since + _CLOCKS < event.last_modified <= sweep.now - _ON_ITS_WAY


def _is_quiet(row: Mailbox) -> bool:
    """Tell whether no notification came since the last sweep."""
    return row.last_notification is None or (
        row.last_sweep is not None and row.last_notification + _CLOCKS < row.last_sweep
    )
