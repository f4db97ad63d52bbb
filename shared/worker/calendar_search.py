"""Searching a calendar for events that should get their link: how the sweep and the backfill look.

It goes through all that the calendar shows in a window, and asks the same `decide` as the worker. Nothing is
written; the worker, who reads the event anew, decides anew.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.decision import Verdict
from shared.domain.event import Event
from shared.errors import EventNotFound
from shared.graph.client import Graph
from shared.rules.decide import decide
from shared.rules.policy import Policy
from shared.storage.meetings import Meetings
from shared.worker.directory import Directory
from shared.worker.enabling import PENDING
from shared.worker.world import World


@dataclass(slots=True, kw_only=True)
class Search:
    """What is searched, from `start` until `until`; `shown` counts what the calendar showed so far."""

    mailbox: str
    start: datetime
    until: datetime
    policy: Policy
    shown: int = 0
    series: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Judged:
    """An event, of a series its master, and what is to be done with it.

    `rule` is the one behind `enable` and `would_enable`; None where an earlier attempt has no end yet, which
    the worker settles.
    """

    event: Event
    verdict: Verdict
    rule: str | None = None


class CalendarSearcher:
    """Searches calendars; one instance serves all threads of a process."""

    def __init__(self, *, world: World, directory: Directory, meetings: Meetings, report_only: bool) -> None:
        self._world = world
        self._directory = directory
        self._meetings = meetings
        self._report_only = report_only

    def judged(self, search: Search, graph: Graph) -> Iterator[Judged]:
        """Yield every event of the window with its verdict, each series once.

        Raises:
            GraphError, StorageUnavailable: the search broke off.
        """
        pending = self._meetings.among(search.mailbox, PENDING)
        for event in _events(search, graph):
            yield self._judge(event, search, pending)

    def _judge(self, event: Event, search: Search, pending: frozenset[str]) -> Judged:
        """Decide as the worker will; what we remember of an event is read only where that could matter."""
        policy, now = search.policy, self._world.now()
        is_left_out = policy.mailboxes.leaves_out(event.organizer)
        if event.is_organizer and not is_left_out and self._meetings.key(event.id) in pending:
            return Judged(event, Verdict.ENABLE)
        decision = decide(event, policy, self._directory.facts(policy), now)
        if decision.verdict in {Verdict.ENABLE, Verdict.WOULD_ENABLE}:
            meeting = self._meetings.read(search.mailbox, event.id).meeting
            decision = decide(event, policy, self._directory.facts(policy, meeting), now)
        if self._report_only:
            decision = decision.under_brake()
        return Judged(event, decision.verdict, decision.rule)


def _events(search: Search, graph: Graph) -> Iterator[Event]:
    """Yield what the window shows, of each series its master, once."""
    with_body = search.policy.look_in_body
    for page in graph.calendar_view(search.mailbox, search.start, search.until, with_body=with_body):
        for event in page:
            search.shown += 1
            if event.master is None:
                yield event
            elif event.master not in search.series and not _needs_no_look(event):
                search.series.add(event.master)
                with suppress(EventNotFound):
                    yield graph.event(search.mailbox, event.master, with_body=with_body)


def _needs_no_look(event: Event) -> bool:
    """Tell whether an occurrence shows that its series needs nothing; an exception shows only itself."""
    return not event.is_organizer or (event.type == "occurrence" and bool(event.join_url))
