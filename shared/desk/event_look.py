"""What the admin's command reads to decide as the worker does. Nothing here writes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.event import Event
from shared.domain.mailbox import User
from shared.errors import Forbidden
from shared.graph.client import Graph
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.storage.meetings import Meetings, StoredMeeting
from shared.worker.common.directory import Directory
from shared.worker.common.memory import Memory
from shared.worker.common.policies import RuleSource

#: an admin waits for a large group, and holds no thread that others need
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Look:
    """An event as it is now, whose mailbox it is in, and what is known beyond it.

    `warnings` say why the worker would leave it alone, whatever is decided.
    """

    event: Event
    owner: User
    facts: Facts
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The app's own Graph, memory and rules, to look at single events."""

    graph: Graph
    meetings: Meetings
    directory: Directory
    memory: Memory
    rules: RuleSource
    now: Callable[[], datetime]
    #: JOINLINK_MODE=report is set
    report_only: bool

    def look(self, mailbox: str, event_id: str, policy: Policy) -> Look:
        """Return the event, or its series master if it is an occurrence, with the facts for a decision.

        `mailbox` is an object id or a user principal name.

        Raises:
            GraphError: Graph does not show the event, or facts are out of reach for the moment.
            StorageUnavailable: the `meetings` table can't be read.
        """
        event = self.graph.event(mailbox, event_id, with_body=policy.look_in_body)
        if event.master is not None:
            event = self.graph.event(mailbox, event.master, with_body=policy.look_in_body)
        owner = self._owner(mailbox)
        stored = self.meetings.read(owner.id, event.id) if event.is_organizer else StoredMeeting()
        facts = self.directory.facts(policy, stored.meeting)
        return Look(event, owner, facts, tuple(self._warnings(stored)))

    def _warnings(self, stored: StoredMeeting) -> Iterator[str]:
        if stored.is_unreadable:
            yield "its row in the table meetings can't be read, so the app leaves it alone (write_unknown)"
        if not self.memory.is_whole():
            yield "the memory of past writes is missing, so the app writes nothing: see joinlink memory"

    def _owner(self, mailbox: str) -> User:
        try:
            return self.graph.user(mailbox)
        except Forbidden:
            # Who may not read users can still go by an object id, and knows no more than that.
            if "@" in mailbox:
                raise
            return User(id=mailbox.lower())
