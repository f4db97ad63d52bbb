"""The people of a run and their events at the stand-in Graph, and what happened so far."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from sandbox.chaos.plan import ChaosPlan, PlannedMeeting
from sandbox.chaos.record import ActionDone, Entry, FinalEvent
from sandbox.clock import SharedClock
from sandbox.faults.fault import UserAction
from sandbox.graph import DirectoryUser, StandIn

if TYPE_CHECKING:
    from collections.abc import Callable

_EVENT = re.compile(r"/events/([^/]+)$")
_DAYS_AHEAD = timedelta(days=30)
_LATE_JOIN_URL = timedelta(seconds=90)
_OUTSIDE, _INSIDE = "bo@fabrikam.com", "p0@contoso.com"


@dataclass(slots=True)
class ChaosState:
    """The state of a run.

    Attributes:
        entries: what happened, in order. Threads append to it.
        ids: event ids by meeting.
        meetings: meetings by event id.
    """

    plan: ChaosPlan
    clock: SharedClock
    graph: StandIn
    started: datetime
    entries: list[Entry] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    meetings: dict[str, str] = field(default_factory=dict)
    _people: list[DirectoryUser] = field(init=False)
    _owners: dict[str, DirectoryUser] = field(default_factory=dict)
    _gone: dict[str, FinalEvent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Add the people."""
        late, without = set(self.plan.late_join_urls), set(self.plan.without_links)
        self._people = [
            self.graph.add_user(
                f"P{n}",
                f"p{n}@contoso.com",
                join_url_delay=_LATE_JOIN_URL if n in late else timedelta(0),
                honors_online_meeting=n not in without,
            )
            for n in range(self.plan.people)
        ]

    def seconds(self) -> float:
        """Return the time since the start."""
        return (self.clock.now() - self.started).total_seconds()

    def create(self, meeting: PlannedMeeting) -> None:
        """Have the owner create a meeting."""
        owner = self._people[meeting.owner]
        event = self.graph.people.create(
            owner.id,
            subject="Review",
            attendees=_guests(_OUTSIDE if meeting.wants_link else _INSIDE),
            **self._times(9),
        )
        self._owners[meeting.name], self.ids[meeting.name] = owner, event
        self.meetings[event] = meeting.name
        self._record(meeting.name, UserAction.CREATE, was_online=False)

    def do(self, meeting: str, action: UserAction) -> None:
        """Have the owner change a meeting; what is not possible now does nothing."""
        owner, event, people = self._owners[meeting].id, self.ids[meeting], self.graph.people
        actions: dict[UserAction, Callable[[], None]] = {
            UserAction.EDIT: lambda: people.edit(owner, event, subject=f"Review {self.seconds():.0f}"),
            UserAction.DRIFT: lambda: people.drift(owner, event),
            UserAction.MOVE: lambda: people.edit(owner, event, **self._times(14)),
            UserAction.INVITE: lambda: people.edit(owner, event, attendees=_guests(_INSIDE, _OUTSIDE)),
            UserAction.CANCEL: lambda: people.cancel(owner, event),
            UserAction.REMOVE_LINK: lambda: people.remove_link(owner, event),
            UserAction.DELETE: lambda: people.delete(owner, event),
        }
        with self.graph.lock:
            final = self.final(meeting)
            if final.is_gone or (final.is_cancelled and action is not UserAction.DELETE):
                return
            if action is UserAction.REMOVE_LINK and not final.is_online:
                return
            if action is UserAction.DELETE:
                self._gone[meeting] = FinalEvent(is_online=final.is_online, is_gone=True)
            actions[action]()
            self._record(meeting, action, was_online=final.is_online)

    def is_online(self, meeting: str) -> bool:
        """Return whether Graph has an online meeting for it."""
        return self.final(meeting).is_online

    def final(self, meeting: str) -> FinalEvent:
        """Return the event as Graph has it; a deleted one as it was before."""
        if meeting in self._gone:
            return self._gone[meeting]
        with self.graph.lock:
            copy = self.graph.mailboxes.find(self._owners[meeting].id, self.ids[meeting])
            return FinalEvent(is_online=copy.online is not None, is_cancelled=copy.cancelled)

    def meeting_at(self, path: str) -> str:
        """Return the meeting whose event id ends a path, "" if there is none."""
        match = _EVENT.search(path)
        return self.meetings.get(match[1], "") if match else ""

    def _times(self, hour: int) -> dict[str, dict[str, str]]:
        day = self.clock.now() + _DAYS_AHEAD
        return {
            "start": {"dateTime": f"{day:%Y-%m-%d}T{hour:02}:00:00", "timeZone": "UTC"},
            "end": {"dateTime": f"{day:%Y-%m-%d}T{hour + 1:02}:00:00", "timeZone": "UTC"},
        }

    def _record(self, meeting: str, action: UserAction, *, was_online: bool) -> None:
        at = self.clock.now()
        self.entries.append(ActionDone(at=at, meeting=meeting, action=action, was_online=was_online))


def row_key(event: str) -> str:
    """Return the key of an event's row in the app's table."""
    return sha256(event.encode()).hexdigest()


def _guests(*addresses: str) -> list[dict[str, object]]:
    return [{"type": "required", "emailAddress": {"address": address}} for address in addresses]
