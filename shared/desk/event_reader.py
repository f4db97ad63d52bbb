"""Reads what an admin's command needs to decide about an event as the worker does. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.ending import with_occurrence
from shared.domain.event import Event
from shared.domain.mailbox import User
from shared.errors import Forbidden
from shared.graph.client import Graph
from shared.rules.decide import possible_decisions
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.storage.meetings import Meetings, StoredMeeting
from shared.worker.events.bodies import read_with_body
from shared.worker.events.directory_cache import DirectoryCache
from shared.worker.events.memory_check import MemoryCheck
from shared.worker.events.moved_occurrences import read_moved_occurrences

#: An admin can wait for a large group; no other thread waits for a command.
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event as it is in Graph now, the user whose mailbox it is in, and the facts for a decision.

    `warnings` are reasons why the app does not write to it, independent of the decision.
    """

    event: Event
    owner: User
    facts: Facts
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReader:
    """Reads single events with the app's Graph client and memory."""

    graph: Graph
    meetings: Meetings
    directory: DirectoryCache
    memory_check: MemoryCheck

    def read(self, mailbox: str, event_id: str, policy: Policy, now: datetime) -> LiveEvent:
        """Return the event with the facts for a decision at `now`; for an occurrence, its series master.

        As in the worker, its body is read only if the decision depends on it. `mailbox` is an object id or a
        user principal name.

        Raises:
            GraphError: Graph does not return the event, or facts are unavailable at the moment.
            StorageUnavailable: the `meetings` table can't be read.
        """
        event = self.graph.event(mailbox, event_id)
        if event.master is not None:
            event = with_occurrence(self.graph.event(mailbox, event.master), event)
        event, doubt = read_moved_occurrences(event, mailbox, now, self.graph)
        owner = self._owner(mailbox)
        stored = self.meetings.read(owner.id, event.id) if event.is_organizer else StoredMeeting()
        facts = self.directory.facts(policy, stored.meeting)
        if len(possible_decisions(event, policy, facts, now)) > 1:
            event = read_with_body(self.graph, mailbox, event)
        return LiveEvent(event, owner, facts, tuple(self._warnings(stored, doubt)))

    def _warnings(self, stored: StoredMeeting, doubt: str) -> Iterator[str]:
        if doubt:
            yield f"an occurrence may lie ahead, so the app skips the series as insufficient_data: {doubt}"
        if stored.is_unreadable:
            yield "its row in the table meetings can't be read, so the app does not touch it (write_unknown)"
        if not self.memory_check.is_whole():
            yield "the memory of past writes is missing, so the app writes nothing: see joinlink memory"

    def _owner(self, mailbox: str) -> User:
        try:
            return self.graph.user(mailbox)
        except Forbidden:
            # Without the permission to read users, an object id is enough; an address needs a lookup.
            if "@" in mailbox:
                raise
            return User(id=mailbox.lower())
