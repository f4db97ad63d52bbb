"""One participant's copy of an event, and the online meeting it may have.

Every participant's mailbox has its own copy with its own ids; all copies share the `uid` (Graph's iCalUId).
A series is a master; its occurrences are created when they are first read. An occurrence stores only what
differs from its master.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.graph import recurrence, zones

END_OF_TIME = datetime.max.replace(tzinfo=UTC)

#: Graph's writable event properties and their defaults in a new event.
DEFAULTS: dict[str, Any] = {
    "categories": [],
    "transactionId": None,
    "reminderMinutesBeforeStart": 15,
    "isReminderOn": True,
    "hasAttachments": False,
    "subject": "",
    "importance": "normal",
    "sensitivity": "normal",
    "isAllDay": False,
    "responseRequested": True,
    "showAs": "busy",
    "allowNewTimeProposals": True,
    "isDraft": False,
    "hideAttendees": False,
    "recurrence": None,
    "body": {"contentType": "html", "content": ""},
    "location": {"displayName": "", "locationType": "default"},
    "locations": [],
    "attendees": [],
}

#: Properties of one participant's copy, which are never copied from the organizer's.
PRIVATE = frozenset(
    {"categories", "transactionId", "reminderMinutesBeforeStart", "isReminderOn", "showAs", "isDraft"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineMeeting:
    """A meeting at a provider; its join URL is hidden before `visible_from`."""

    provider: str
    join_url: str
    visible_from: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class EventCopy:
    """An event in one mailbox (the user's object id) and calendar (its id)."""

    mailbox: str
    calendar: str
    immutable_id: str
    mutable_id: str
    change_key: str
    uid: str
    #: the organizer's object id; only changes to the copy in that mailbox reach the other copies
    organizer: str
    created: datetime
    modified: datetime
    properties: dict[str, Any]
    #: own response: none | organizer | accepted | notResponded …
    response: str
    meeting: OnlineMeeting | None = None
    is_cancelled: bool = False
    #: of an occurrence: its series, and its start by the recurrence
    master: "EventCopy | None" = None
    original_start: datetime | None = None
    #: an occurrence that was changed on its own is an exception
    is_exception: bool = False
    #: an exception whose online meeting was added or removed separately from its series
    has_own_meeting: bool = False
    #: of a master: the occurrences created so far, and the deleted ones, by original start
    instances: "dict[datetime, EventCopy]" = field(default_factory=dict)
    removed: set[datetime] = field(default_factory=set)
    #: the version before the last write, and when that was; kept only while reads may be stale
    before: "EventCopy | None" = None
    replaced: datetime | None = None

    @property
    def is_organizer(self) -> bool:
        """Whether this is the organizer's own copy."""
        return self.mailbox == self.organizer

    @property
    def type(self) -> str:
        """Graph's eventType."""
        if self.master:
            return "exception" if self.is_exception else "occurrence"
        return "seriesMaster" if self.properties["recurrence"] else "singleInstance"

    @property
    def online(self) -> OnlineMeeting | None:
        """The online meeting; an occurrence has its series' unless it has its own."""
        return self.master.meeting if self.master and not self.has_own_meeting else self.meeting

    @property
    def cancelled(self) -> bool:
        """Whether the organizer cancelled this event or its series."""
        return self.is_cancelled or bool(self.master and self.master.is_cancelled)

    @property
    def version(self) -> str:
        """The change key; an unchanged occurrence has its master's."""
        return self.master.change_key if self.master and not self.is_exception else self.change_key

    @property
    def start(self) -> datetime:
        """The aware start, in the time zone in which it was written."""
        if self.master and self.original_start and "start" not in self.properties:
            return self.original_start.astimezone(self.master.start.tzinfo)
        return zones.moment(self.properties["start"])

    @property
    def end(self) -> datetime:
        """The aware end, in the time zone in which it was written."""
        if self.master and "end" not in self.properties:
            return self.start + self.master.duration
        return zones.moment(self.properties["end"])

    @property
    def duration(self) -> timedelta:
        """How long it lasts."""
        return self.end.astimezone(UTC) - self.start.astimezone(UTC)

    def value(self, name: str) -> Any:
        """Return a writable property; an occurrence inherits its series'."""
        if self.master and name not in self.properties:
            return None if name == "recurrence" else self.master.value(name)
        return self.properties[name]

    def people(self) -> list[str]:
        """Return the attendees' addresses, rooms included, in lower case."""
        return [attendee["emailAddress"]["address"].lower() for attendee in self.value("attendees")]

    def starts(self, until: datetime = END_OF_TIME) -> Iterator[datetime]:
        """Yield a master's original starts before `until`, in UTC, without the deleted ones."""
        series = recurrence.starts(self.properties["recurrence"], self.start, until)
        return (start for start in series if start not in self.removed)
