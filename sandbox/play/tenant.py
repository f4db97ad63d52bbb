"""Contoso for `make play`: 40 people, a pilot group, and their meetings of the coming two weeks."""

import random
import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from sandbox.graph import DirectoryUser, Fault
from sandbox.graph.app import StandIn

MAILBOXES = 40
#: one person in so many has a second calendar
_WITH_SECOND = 5
_PILOTS = 8
_DAYS = 14
_FIRST = ["Ada", "Ben", "Cleo", "Dora", "Emil", "Finn", "Gina", "Hugo", "Ines", "Jan"]
_LAST = ["Lund", "Okafor", "Marin", "Weiss"]
_GUESTS = ("bo@fabrikam.com", "cy@northwind.com", "dee@adatum.com")
_SUBJECTS = ("Review", "Planning", "Offer", "Interview", "Workshop", "Retrospective")
_ZOOM = "https://fabrikam.zoom.us/j/91234567890"


@dataclass
class PlayTenant:
    """Creates people and meetings, by chance from a fixed seed."""

    graph: StandIn
    now: datetime
    people: list[DirectoryUser] = field(default_factory=list)
    pilot_group: str = ""
    #: a mailbox and an event in it that the pilot rule wants online
    example: tuple[str, str] = ("", "")
    #: the second calendars, by the object id of the owner
    second_calendars: dict[str, str] = field(default_factory=dict)
    meetings: int = 0
    _random: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 -- not for secrets

    def fill(self) -> None:
        """Create everything."""
        names = [f"{first} {last}" for last in _LAST for first in _FIRST]
        self.people = [self._person(name) for name in names]
        self.pilot_group = self.graph.add_group("Pilot", self.people[:_PILOTS])
        self.second_calendars = {
            person.id: self.graph.add_calendar(person.id, "Project") for person in self.people[::_WITH_SECOND]
        }
        self.graph.add_user("Atrium", "atrium@contoso.com", kind="room", enabled=False)
        for person in self.people:
            for day in range(1, _DAYS + 1):
                if self._random.random() < 0.5:  # noqa: PLR2004 -- every other day
                    self.create(person, self.now + timedelta(days=day))
            if person.id in self.second_calendars:
                self._create_in_second_calendar(person, self.now + timedelta(days=1))
        ada = self.people[0]
        tomorrow = self.now + timedelta(days=1)
        self.example = (ada.address, self._create(ada, tomorrow, _GUESTS[:1], subject="Offer"))
        # One message goes to the poison queue, for joinlink replay; the second try works.
        failing = self._create(self.people[1], tomorrow, _GUESTS[:1], subject="Odd")
        self.graph.faults.add(Fault(path=re.escape(failing), method="GET", status=400, count=1))

    def create_somewhere(self) -> None:
        """Create a meeting for tomorrow, as one of the people does."""
        self.create(self._random.choice(self.people), self.now + timedelta(days=1))

    def create(self, person: DirectoryUser, day: datetime) -> None:
        """Create a meeting of one of the usual kinds."""
        colleague = self._random.choice(self.people).address
        subject = self._random.choice(_SUBJECTS)
        guest = self._random.choice(_GUESTS)
        kinds: list[tuple[tuple[str, ...], dict[str, Any]]] = [
            ((guest,), {}),
            ((guest, colleague), {}),
            ((colleague,), {}),
            ((guest,), {"subject": f"{subject} [no link]"}),
            ((guest,), {"sensitivity": "private"}),
            ((guest,), {"body": {"contentType": "text", "content": f"Join: {_ZOOM}"}}),
        ]
        attendees, more = self._random.choice(kinds)
        self._create(person, day, attendees, **{"subject": subject, **more})

    def _create(
        self, person: DirectoryUser, day: datetime, attendees: tuple[str, ...], **properties: Any
    ) -> str:
        start = datetime.combine(day.date(), time(self._random.randrange(8, 17)))
        self.meetings += 1
        return self.graph.people.create(
            person.id,
            **{
                "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
                "end": {"dateTime": f"{start + timedelta(minutes=45):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
                "attendees": [
                    {"type": "required", "emailAddress": {"address": address}} for address in attendees
                ],
                **properties,
            },
        )

    def _create_in_second_calendar(self, person: DirectoryUser, day: datetime) -> None:
        event = self._create(person, day, _GUESTS[:1], subject="Project visit")
        self.graph.people.move_to_calendar(person.id, event, self.second_calendars[person.id])

    def _person(self, name: str) -> DirectoryUser:
        first, last = name.lower().split()
        return self.graph.add_user(name, f"{first}.{last}@contoso.com")
