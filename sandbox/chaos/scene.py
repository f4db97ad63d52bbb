"""The scene: one stand-in Graph, one clock for everybody, and the people who do things to their events."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.azurite import Azurite
from sandbox.chaos.plan import ChaosPlan, Deed, Happening, PlannedMeeting
from sandbox.chaos.record import Chronicle, Done
from sandbox.graph import DirectoryUser, StandIn

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.sharedctypes import Synchronized

_EVENT = re.compile(r"/events/([^/]+)$")
_LIES_AHEAD = timedelta(days=30)
_ENDPOINT = re.compile(r"QueueEndpoint=(http://[^/]+)/")


class ChaosClock:
    """One time for hosts, Azurite and Graph: it runs as the machine's does, and can be moved ahead."""

    def __init__(self, azurite: Azurite) -> None:
        self._azurite = azurite
        #: seconds ahead of the machine's clock; the processes of the hosts share it
        self.ahead: Synchronized[float] = get_context("forkserver").Value("d", _ahead_of_us(azurite))

    def now(self) -> datetime:
        """Return the aware UTC time."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead.value)

    def advance(self, by: timedelta) -> None:
        """Move ahead: what was to be due or visible by then is."""
        self._azurite.advance(by)
        with self.ahead.get_lock():
            self.ahead.value += by.total_seconds()


@dataclass(slots=True)
class ChaosScene:
    """What people and faults act on."""

    plan: ChaosPlan
    clock: ChaosClock
    graph: StandIn
    chronicle: Chronicle = field(default_factory=Chronicle)
    began: datetime = field(init=False)
    owners: dict[str, DirectoryUser] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    _by_event: dict[str, str] = field(default_factory=dict)
    _by_row: dict[str, str] = field(default_factory=dict)
    _people: list[DirectoryUser] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let the time of the plan begin, with all people there."""
        self.began = self.clock.now()
        self._people = [self.graph.add_user(f"P{n}", f"p{n}@contoso.com") for n in range(self.plan.people)]

    def seconds(self) -> float:
        """Return the plan's time."""
        return (self.clock.now() - self.began).total_seconds()

    def play(self, meeting: PlannedMeeting, happening: Happening) -> None:
        """Do what somebody does by the plan."""
        if happening.deed is Deed.CREATE:
            self._create(meeting)
        else:
            self.do(meeting.name, happening.deed)

    def do(self, meeting: str, deed: Deed) -> None:
        """Do something to a meeting; where there is no link, none is removed."""
        owner, event = self.owners[meeting].id, self.ids[meeting]
        was_online = self.is_online(meeting)
        people = self.graph.people
        acts: dict[Deed, Callable[[], None]] = {
            Deed.EDIT: lambda: people.edit(owner, event, subject=f"Review {self.seconds():.0f}"),
            Deed.DRIFT: lambda: people.drift(owner, event),
            Deed.CANCEL: lambda: people.cancel(owner, event),
            Deed.REMOVE_LINK: lambda: people.remove_link(owner, event) if was_online else None,
        }
        acts[deed]()
        self.chronicle.add(Done(at=self.clock.now(), meeting=meeting, deed=deed, was_online=was_online))

    def is_online(self, meeting: str) -> bool:
        """Tell whether Graph has an online meeting there."""
        event = self._read(meeting)
        return bool(event.get("isOnlineMeeting"))

    def meeting_of(self, path: str) -> str:
        """Return the meeting whose event a path names, "" if none."""
        named = _EVENT.search(path)
        return self._by_event.get(named[1], "") if named else ""

    def meeting_of_row(self, row: str) -> str:
        """Return the meeting that a row is about, "" if none."""
        return self._by_row.get(row, "")

    def row_keys(self) -> set[str]:
        """Return the keys of all rows that may be about a meeting."""
        return set(self._by_row)

    def _create(self, meeting: PlannedMeeting) -> None:
        owner = self._people[meeting.owner]
        day = self.clock.now() + _LIES_AHEAD
        guest = "bo@fabrikam.com" if meeting.wanted else "p0@contoso.com"
        event = self.graph.people.create(
            owner.id,
            subject="Review",
            start={"dateTime": f"{day:%Y-%m-%d}T09:00:00", "timeZone": "UTC"},
            end={"dateTime": f"{day:%Y-%m-%d}T10:00:00", "timeZone": "UTC"},
            attendees=[{"type": "required", "emailAddress": {"address": guest}}],
        )
        self.owners[meeting.name], self.ids[meeting.name] = owner, event
        self._by_event[event] = meeting.name
        self._by_row[sha256(event.encode()).hexdigest()] = meeting.name
        self.chronicle.add(
            Done(at=self.clock.now(), meeting=meeting.name, deed=Deed.CREATE, was_online=False)
        )

    def _read(self, meeting: str) -> dict[str, Any]:
        """Read an event as its owner's own client does, which meets no fault."""
        owner = self.owners[meeting]
        with httpx.Client(transport=httpx.WSGITransport(app=self.graph), base_url="http://graph") as client:
            answer = client.get(
                f"/v1.0/users/{owner.id}/events/{self.ids[meeting]}", headers=self.graph.as_user(owner)
            )
        found: dict[str, Any] = answer.json() if answer.is_success else {}
        return found


def _ahead_of_us(azurite: Azurite) -> float:
    """Return how many seconds an Azurite, which others may have moved, is ahead of the machine."""
    endpoint = _ENDPOINT.search(azurite.connection_string)
    assert endpoint is not None
    answer = httpx.get(endpoint[1], trust_env=False)
    with suppress(KeyError):
        return (parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)).total_seconds()
    return 0.0
