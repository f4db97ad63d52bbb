"""Searches a calendar for events that should get their link. The sweep and the backfill use it.

The search reads all events of a window, page by page, and decides as the worker does. An event that can't be
read does not stop the search. Nothing is written: the worker reads and decides each event again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from shared.domain.decision import Verdict
from shared.domain.ending import last_end, seems_over, with_occurrence
from shared.domain.event import Event
from shared.domain.meeting import PENDING
from shared.errors import EventNotFound, GraphError, NotConnected, Throttled, Unauthorized, UnreadableEvent
from shared.graph.client import Graph
from shared.rules.decide import decide
from shared.storage.meetings import Meetings
from shared.worker.common.world import World
from shared.worker.events.calendar_pages import CalendarSearch, read_next_page
from shared.worker.events.directory_cache import DirectoryCache


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event, or the master of a series, and its verdict.

    `rule` is the rule behind `ENABLE` and `WOULD_ENABLE`. It is None if the worker must find out: an earlier
    attempt is not settled, the event was moved to a later time without a notification, or the series could
    not be read (then `event` is one of its occurrences). `id` is that of the event; of a series that is over
    but for a moved occurrence, it is the id of that occurrence.
    """

    id: str
    event: Event
    verdict: Verdict
    rule: str | None = None


class CalendarSearcher:
    """Searches calendars; one instance serves all threads of a process."""

    def __init__(
        self, *, world: World, directory: DirectoryCache, meetings: Meetings, report_only: bool
    ) -> None:
        self._world = world
        self._directory = directory
        self._meetings = meetings
        self._report_only = report_only

    def search(self, search: CalendarSearch, graph: Graph) -> Iterator[FoundEvent]:
        """Yield every event of the window with its verdict, each series once.

        Raises:
            GraphError, StorageUnavailable: the search failed.
        """
        while not search.is_over:
            yield from self.search_page(search, graph)

    def search_page(self, search: CalendarSearch, graph: Graph) -> Iterator[FoundEvent]:
        """Yield the events of the next page. After the last one, `search` is at the page that follows.

        Raises:
            GraphError, StorageUnavailable: read the page again; `search` may have a smaller page size.
        """
        if search.pending is None:
            search.pending = self._meetings.keys_in_states(search.mailbox, PENDING)
            search.ended = self._meetings.keys_that_ended(search.mailbox, self._world.now())
        page = read_next_page(search, graph)
        for unreadable in page.unreadable:
            search.shown += 1
            search.note_unreadable(unreadable.id, unreadable.detail)
        for event in page.events:
            search.shown += 1
            if event.master is None:
                yield self._decide(event, search)
            elif event.master in search.series:
                continue
            elif self._meetings.key(event.master) in search.ended or _may_need_link(event):
                search.series.add(event.master)
                yield from self._decide_series(event, event.master, search, graph)
        search.pages += 1
        search.page, search.is_over = page.cursor, not page.cursor

    def _decide_series(
        self, occurrence: Event, master: str, search: CalendarSearch, graph: Graph
    ) -> Iterator[FoundEvent]:
        """Read and decide the series of an occurrence.

        If time is limited, and is short or Graph fails, the worker decides.
        """
        undecided = FoundEvent(master, occurrence, Verdict.ENABLE)
        if search.is_late and search.is_late():
            yield undecided
            return
        try:
            series = graph.event(search.mailbox, master, with_body=search.policy.look_in_body)
            whole, now = with_occurrence(series, occurrence), self._world.now()
            found = self._decide(whole, search)
            if seems_over(whole, now):  # another occurrence may still be ahead
                search.series.discard(master)
            # The worker must read this occurrence, if only that shows that the series is not over.
            yield replace(found, id=occurrence.id if seems_over(series, now) else series.id)
        except EventNotFound:
            return
        except UnreadableEvent as error:
            search.note_unreadable(master, error.detail)
        except (Throttled, Unauthorized, NotConnected):
            raise
        except GraphError:
            if not search.is_late:
                raise
            yield undecided

    def _decide(self, event: Event, search: CalendarSearch) -> FoundEvent:
        """Decide as the worker does, but read the event's row only if it may matter."""
        if self._needs_worker(event, search):
            return FoundEvent(event.id, event, Verdict.ENABLE)
        policy, now = search.policy, self._world.now()
        decision = decide(event, policy, self._directory.facts(policy), now)
        if decision.verdict in {Verdict.ENABLE, Verdict.WOULD_ENABLE}:
            meeting = self._meetings.read(search.mailbox, event.id).meeting
            decision = decide(event, policy, self._directory.facts(policy, meeting), now)
        if self._report_only:
            decision = decision.under_brake()
        return FoundEvent(event.id, event, decision.verdict, decision.rule)

    def _needs_worker(self, event: Event, search: CalendarSearch) -> bool:
        """Return whether the worker must read the event, whatever the rules say.

        An earlier write is not settled; or the event was moved after its row says it ended, and the row must
        get the new end, or it would be deleted too early.
        """
        if not event.is_organizer or search.policy.mailboxes.excludes_user(event.organizer):
            return False
        key = self._meetings.key(event.id)
        if key in (search.pending or frozenset()):
            return True
        ends = last_end(event)
        return key in search.ended and (ends is None or ends > self._world.now())


def _may_need_link(event: Event) -> bool:
    """Return whether the series of an occurrence or exception may need a link.

    An occurrence shows the link of its series; an exception shows only its own.
    """
    return event.is_organizer and not (event.type == "occurrence" and bool(event.join_url))
