"""The state of a run: the stand-in Graph, the clock, the events of people, and what happened so far."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from sandbox.chaos.plan import ChaosPlan, PlannedMeeting, UserAction
from sandbox.chaos.record import ActionDone, Entry
from sandbox.graph import DirectoryUser, StandIn
from sandbox.stage import StageClock

if TYPE_CHECKING:
    from collections.abc import Callable

_EVENT = re.compile(r"/events/([^/]+)$")
_DAYS_AHEAD = timedelta(days=30)


@dataclass(slots=True)
class ChaosState:
    """The state of a run.

    Attributes:
        entries: what happened, in order. Threads append to it.
        ids: event ids by meeting.
        meetings: meetings by event id and by the SHA-256 of it, which is the row key in the app's table.
    """

    plan: ChaosPlan
    clock: StageClock
    graph: StandIn
    entries: list[Entry] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    meetings: dict[str, str] = field(default_factory=dict)
    _started: datetime = field(init=False)
    _people: list[DirectoryUser] = field(init=False)
    _owners: dict[str, DirectoryUser] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start the time of the plan and add the people."""
        self._started = self.clock.now()
        self._people = [self.graph.add_user(f"P{n}", f"p{n}@contoso.com") for n in range(self.plan.people)]

    def seconds(self) -> float:
        """Return the time since the start."""
        return (self.clock.now() - self._started).total_seconds()

    def create(self, meeting: PlannedMeeting) -> None:
        """Have the owner create a meeting."""
        owner = self._people[meeting.owner]
        day = self.clock.now() + _DAYS_AHEAD
        guest = "bo@fabrikam.com" if meeting.wants_link else "p0@contoso.com"
        event = self.graph.people.create(
            owner.id,
            subject="Review",
            start={"dateTime": f"{day:%Y-%m-%d}T09:00:00", "timeZone": "UTC"},
            end={"dateTime": f"{day:%Y-%m-%d}T10:00:00", "timeZone": "UTC"},
            attendees=[{"type": "required", "emailAddress": {"address": guest}}],
        )
        self._owners[meeting.name], self.ids[meeting.name] = owner, event
        self.meetings |= {event: meeting.name, sha256(event.encode()).hexdigest(): meeting.name}
        self._record(meeting.name, UserAction.CREATE, was_online=False)

    def do(self, meeting: str, action: UserAction) -> None:
        """Have the owner change a meeting. Without a link, REMOVE_LINK does nothing."""
        owner, event, people = self._owners[meeting].id, self.ids[meeting], self.graph.people
        was_online = self.is_online(meeting)
        actions: dict[UserAction, Callable[[], None]] = {
            UserAction.EDIT: lambda: people.edit(owner, event, subject=f"Review {self.seconds():.0f}"),
            UserAction.DRIFT: lambda: people.drift(owner, event),
            UserAction.CANCEL: lambda: people.cancel(owner, event),
            UserAction.REMOVE_LINK: lambda: people.remove_link(owner, event) if was_online else None,
        }
        actions[action]()
        self._record(meeting, action, was_online=was_online)

    def is_online(self, meeting: str) -> bool:
        """Return whether Graph has an online meeting for it."""
        with self.graph.lock:
            copy = self.graph.mailboxes.find(self._owners[meeting].id, self.ids[meeting])
            return copy.online is not None

    def meeting_at(self, path: str) -> str:
        """Return the meeting whose event id ends a path, "" if there is none."""
        match = _EVENT.search(path)
        return self.meetings.get(match[1], "") if match else ""

    def _record(self, meeting: str, action: UserAction, *, was_online: bool) -> None:
        at = self.clock.now()
        self.entries.append(ActionDone(at=at, meeting=meeting, action=action, was_online=was_online))
