"""An Outlook event as Graph shows it at one moment.

Names are Graph's in Python spelling (https://learn.microsoft.com/graph/api/resources/event). Sets that
Graph owns (`type`, `sensitivity`, provider …) stay strings, because Graph may add members.
"""

from dataclasses import dataclass
from datetime import date, datetime

#: types of events that are judged by their series master
OCCURRENCES = frozenset({"occurrence", "exception"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """One line of the invitation; `address` is empty where Graph gives none."""

    address: str
    #: required | optional | resource
    type: str = "required"
    #: Graph's responseType, such as `none`, `accepted` or `declined`
    response: str = "none"
    #: the name beside the address
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place of the event; `type` is Graph's locationType, such as `conferenceRoom`."""

    display_name: str
    type: str = "default"
    uri: str = ""
    #: where the place was found, and by what it is known there: `directory` means our own rooms
    unique_id: str = ""
    unique_id_type: str = "unknown"
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Graph's patternedRecurrence, as far as the end of a series depends on it.

    `pattern` is Graph's pattern type (`weekly`, `absoluteMonthly` …), `range_end` the last day of an
    `endDate` range, `occurrences` the count of a `numbered` one; both are None for `noEnd`. Numbers stand as
    Graph gives them, also where they contradict each other.
    """

    pattern: str
    interval: int = 1
    days_of_week: tuple[str, ...] = ()
    day_of_month: int = 0
    month: int = 0
    #: first | second | third | fourth | last
    index: str = "first"
    first_day_of_week: str = "sunday"
    range_end: date | None = None
    occurrences: int | None = None
    #: endDate | numbered | noEnd
    range_type: str = "noEnd"
    #: Windows or IANA name, empty where Graph gives none; dates of the range are days in this zone.
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One copy of an event in one mailbox. `start` and `end` are aware and in UTC.

    Those of whole days are midnights, in whatever zone. Where `unknown_zone` is not empty, `start` and `end`
    are times in a zone of this name, which is not known: they are written as if they were UTC.
    """

    id: str
    #: the `@odata.etag` of our own GET, fit for If-Match
    etag: str
    #: singleInstance | occurrence | exception | seriesMaster
    type: str = "singleInstance"
    series_master_id: str | None = None
    subject: str = ""
    #: address of the organizer; empty where Graph gives none
    organizer: str = ""
    is_organizer: bool = True
    is_cancelled: bool = False
    is_draft: bool = False
    is_all_day: bool = False
    is_online_meeting: bool = False
    online_meeting_provider: str = "unknown"
    #: `onlineMeeting.joinUrl`, never the legacy `onlineMeetingUrl`
    join_url: str = ""
    #: the legacy `onlineMeetingUrl`: other services and older clients write to it
    online_meeting_url: str = ""
    start: datetime
    end: datetime
    unknown_zone: str = ""
    #: Windows or IANA name of the zone in which the organizer entered the event; empty where Graph gives none
    original_zone: str = ""
    #: aware UTC, None where Graph gives none; it moves without anybody's doing, too
    last_modified: datetime | None = None
    recurrence: Recurrence | None = None
    attendees: tuple[Attendee, ...] = ()
    locations: tuple[Location, ...] = ()
    body_preview: str = ""
    #: None where the body was not asked for
    body: str | None = None
    categories: tuple[str, ...] = ()
    #: normal | personal | private | confidential
    sensitivity: str = "normal"
    show_as: str = "busy"
    importance: str = "normal"

    @property
    def master(self) -> str | None:
        """The series master by which an occurrence or exception is judged; None for all other events."""
        return self.series_master_id or None if self.type in OCCURRENCES else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The calendar an event lies in, as far as online meetings depend on it."""

    id: str
    default_online_meeting_provider: str
    allowed_online_meeting_providers: tuple[str, ...]
