"""Searches a calendar for events that should get their link. The sweep and the backfill use it.

The search reads all events of a window, page by page, and decides as the worker does. Bodies are read only of
events that depend on them, one at a time, and are not kept. An event that can't be read does not stop the
search. Nothing is written: the worker reads and decides each event again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from shared.domain.decision import Verdict
from shared.domain.ending import last_end, seems_over, with_occurrence
from shared.domain.event import Event
from shared.domain.meeting import PENDING, Meeting
from shared.errors import EventNotFound, GraphError, NotConnected, Throttled, Unauthorized, UnreadableEvent
from shared.graph.client import Graph
from shared.rules.decide import decide, possible_decisions
from shared.rules.facts import Facts
from shared.storage.meetings import Meetings
from shared.worker.common.world import World
from shared.worker.events.bodies import read_with_body
from shared.worker.events.calendar_pages import CalendarSearch, read_next_page
from shared.worker.events.directory_cache import DirectoryCache


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event, or the master of a series, without its body, and its verdict.

    `rule` is the rule behind `ENABLE` and `WOULD_ENABLE`. It is None if the worker must find out: an earlier
    attempt is not settled, the event was moved to a later time without a notification, or its series or body
    could not be read (then `event` may be an occurrence). `id` is that of the event; of a series that is over
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
                yield from self._decide_if_readable(event, search, graph)
            elif event.master in search.series:
                continue
            elif self._meetings.key(event.master) in search.ended or _may_need_link(event):
                search.series.add(event.master)
                yield from self._decide_if_readable(event, search, graph)
        search.pages += 1
        search.page, search.is_over = page.cursor, not page.cursor

    def _decide_if_readable(self, shown: Event, search: CalendarSearch, graph: Graph) -> Iterator[FoundEvent]:
        """Decide an event of a page, or its series.

        If what the page does not show must be read, but time is limited, and is short or Graph fails, the
        worker decides.
        """
        event_id = shown.master or shown.id
        try:
            found = self._decide_shown(shown, search, graph)
        except EventNotFound:
            return
        except UnreadableEvent as error:
            search.note_unreadable(event_id, error.detail)
            return
        except (Throttled, Unauthorized, NotConnected):
            raise
        except GraphError:
            if not search.is_late:
                raise
            found = None
        yield found or FoundEvent(event_id, shown, Verdict.ENABLE)

    def _decide_shown(self, shown: Event, search: CalendarSearch, graph: Graph) -> FoundEvent | None:
        """Return an event of a page, or its series, with the verdict; None if there is no time to read it."""
        if shown.master is None:
            return self._decide(shown, search, graph)
        if search.has_no_time():
            return None
        series = graph.event(search.mailbox, shown.master)
        whole, now = with_occurrence(series, shown), self._world.now()
        if seems_over(whole, now):  # another occurrence may still be ahead
            search.series.discard(shown.master)
        found = self._decide(whole, search, graph)
        if found and seems_over(series, now):  # only this occurrence shows that it is not over
            return replace(found, id=shown.id)
        return found

    def _decide(self, event: Event, search: CalendarSearch, graph: Graph) -> FoundEvent | None:
        """Decide as the worker does, but read the event's row and its body only if they matter."""
        if self._needs_worker(event, search):
            return FoundEvent(event.id, event, Verdict.ENABLE)
        policy, now = search.policy, self._world.now()
        facts = self._facts(event, search)
        possible = possible_decisions(event, policy, facts, now)
        if any(each.adds_link for each in possible):
            meeting = self._meetings.read(search.mailbox, event.id).meeting
            facts = self._facts(event, search, meeting)
            possible = possible_decisions(event, policy, facts, now)
        decision = possible[0]
        if len(possible) > 1:
            if search.has_no_time():
                return None
            event = read_with_body(graph, search.mailbox, event)
            facts = self._directory.with_department(facts, event, policy, search.mailbox)
            decision = decide(event, policy, facts, now)
        if self._report_only:
            decision = decision.under_brake()
        return FoundEvent(event.id, replace(event, body=None), decision.verdict, decision.rule)

    def _facts(self, event: Event, search: CalendarSearch, meeting: Meeting | None = None) -> Facts:
        facts = self._directory.facts(search.policy, meeting)
        return self._directory.with_department(facts, event, search.policy, search.mailbox)

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
