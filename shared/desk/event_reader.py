"""Reads what an admin's command needs to decide about events as the worker does. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from shared.desk.calendars_of_mailbox import CalendarsOfMailbox, NamedCalendar
from shared.desk.event_reference import EventReference, ReferenceKind, join_path, uid_of_series
from shared.domain.ending import with_occurrence
from shared.domain.event import Event
from shared.domain.mailbox import User
from shared.errors import EventNotFound, Forbidden
from shared.graph.client import Graph
from shared.rules.decide import possible_decisions
from shared.rules.facts import Facts
from shared.rules.policy import CalendarScope, Policy
from shared.storage.meetings import Meetings, StoredMeeting
from shared.worker.events.bodies import read_with_body
from shared.worker.events.calendar_pages import CalendarSearch, read_next_page
from shared.worker.events.directory_cache import DirectoryCache
from shared.worker.events.memory_check import MemoryCheck
from shared.worker.events.moved_occurrences import read_moved_occurrences

#: An admin can wait for a large group; no other thread waits for a command.
PATIENCE = timedelta(minutes=2)
#: where a meeting is searched by its join link: the days before and after today, and pages of each calendar
_PAST, _AHEAD = timedelta(days=30), timedelta(days=90)
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event as it is in Graph now, the user whose mailbox it is in, and the facts for a decision.

    `warnings` are reasons why the app does not write to it, independent of the decision. `of_occurrence`: an
    occurrence was read, and the event is the master of its series.
    """

    event: Event
    owner: User
    facts: Facts
    warnings: tuple[str, ...] = ()
    of_occurrence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReader:
    """Reads events with the app's Graph client and memory.

    Its methods raise GraphError if Graph does not return what is asked for, or facts are unavailable at the
    moment, and StorageUnavailable if the `meetings` table can't be read.
    """

    graph: Graph
    meetings: Meetings
    directory: DirectoryCache
    memory_check: MemoryCheck

    def read(self, mailbox: str, event_id: str, policy: Policy, now: datetime) -> LiveEvent:
        """Return the event with the facts for a decision at `now`; for an occurrence, its series master.

        `mailbox` is an object id or a user principal name.
        """
        event = self.graph.event(mailbox, event_id)
        return self.live(mailbox, event, self.owner(mailbox), policy, now)

    def live(self, mailbox: str, event: Event, owner: User, policy: Policy, now: datetime) -> LiveEvent:
        """Return an event that was read, or the series master of an occurrence, with the facts.

        As in the worker, its body is read only if the decision depends on it. The organizer's department is
        read if a rule asks for it.
        """
        is_part = event.master is not None
        if event.master is not None:
            event = with_occurrence(self.graph.event(mailbox, event.master), event)
        event, doubt = read_moved_occurrences(event, mailbox, now, self.graph)
        stored = self.meetings.read(owner.id, event.id) if event.is_organizer else StoredMeeting()
        organizer = owner.id if event.is_organizer else ""
        facts = self.directory.facts(policy, stored.meeting, organizer=organizer)
        if len(possible_decisions(event, policy, facts, now)) > 1:
            event = read_with_body(self.graph, mailbox, event)
        return LiveEvent(event, owner, facts, tuple(self._warnings(stored, doubt)), of_occurrence=is_part)

    def find(self, mailbox: str, reference: EventReference, policy: Policy, now: datetime) -> str:
        """Return the id of the event that a reference names.

        Raises:
            EventNotFound: the mailbox has no such event.
        """
        match reference.kind:
            case ReferenceKind.ID:
                return reference.value
            case ReferenceKind.ICAL_UID:
                return self._id_of_uid(mailbox, reference.value)
            case ReferenceKind.JOIN_LINK:
                return self._id_of_join_path(mailbox, reference.value, policy, now)

    def owner(self, mailbox: str) -> User:
        """Return the user of a mailbox; only its id, where we may not read users."""
        try:
            return self.graph.user(mailbox)
        except Forbidden:
            # Without the permission to read users, an object id is enough; an address needs a lookup.
            if "@" in mailbox:
                raise
            return User(id=mailbox.lower())

    def _id_of_uid(self, mailbox: str, uid: str) -> str:
        """Return the id of an event, or of the series of an occurrence: Graph finds no occurrences."""
        for each in dict.fromkeys((uid, uid_of_series(uid))):
            if found := self.graph.event_ids_by_uid(mailbox, each):
                return found[0]
        raise EventNotFound(
            "find the event", status=HTTPStatus.OK, detail="no event of this mailbox has this iCalUId"
        )

    def _id_of_join_path(self, mailbox: str, path: str, policy: Policy, now: datetime) -> str:
        search = CalendarSearch(mailbox=mailbox, start=now - _PAST, until=now + _AHEAD, policy=policy)
        calendars = CalendarsOfMailbox(self._first_pages, search, self.graph)
        for event in calendars.search():
            if join_path(event.join_url) == path:
                return event.id
        only = " of the default calendar" if policy.calendars is CalendarScope.DEFAULT else ""
        unread = "".join(f"; the {each.calendar} can't be read: {each.why}" for each in calendars.unread)
        raise EventNotFound(
            "find the event",
            status=HTTPStatus.OK,
            detail=f"no event{only} in the last {_PAST.days} and the next {_AHEAD.days} days has this join"
            f" link{unread}",
        )

    def _first_pages(self, search: CalendarSearch, _calendar: NamedCalendar) -> Iterator[Event]:
        while not search.is_over and search.pages < _MOST_PAGES:
            page = read_next_page(search, self.graph)
            yield from page.events
            search.pages += 1
            search.page, search.is_over = page.cursor, not page.cursor

    def _warnings(self, stored: StoredMeeting, doubt: str) -> Iterator[str]:
        if doubt:
            yield f"an occurrence may lie ahead, so the app skips the series as insufficient_data: {doubt}"
        if stored.is_unreadable:
            yield "its row in the table meetings can't be read, so the app does not touch it (write_unknown)"
        if not self.memory_check.is_whole():
            yield "the memory of past writes is missing, so the app writes nothing: see joinlink memory"
