"""An Outlook event as Graph returns it at one moment.

Names are Graph's in Python spelling (https://learn.microsoft.com/graph/api/resources/event). Values
from sets of Graph (`type`, `sensitivity`, provider …) are strings, because Graph may add members.
"""

from dataclasses import dataclass
from datetime import date, datetime

#: types of events for which the series master decides
OCCURRENCES = frozenset({"occurrence", "exception"})
#: A longer body, in UTF-8, is not searched: what it contains is not known.
MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """One line of the invitation; `address` is empty if Graph returns none."""

    address: str
    #: required | optional | resource
    type: str = "required"
    #: Graph's responseType, such as `none`, `accepted` or `declined`
    response: str = "none"
    #: the display name
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place of the event; `type` is Graph's locationType, such as `conferenceRoom`."""

    display_name: str
    type: str = "default"
    uri: str = ""
    #: the id of the place in the source that `unique_id_type` names; `directory`: a room of the tenant
    unique_id: str = ""
    unique_id_type: str = "unknown"
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Graph's patternedRecurrence, as far as the end of a series depends on it.

    `pattern` is Graph's pattern type (`weekly`, `absoluteMonthly` …), `range_end` the last day of an
    `endDate` range, `occurrences` the count of a `numbered` one; both are None for `noEnd`. Numbers are
    as Graph returns them, even if they contradict each other.
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
    #: Windows or IANA name, empty if Graph returns none; dates of the range are days in this zone.
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One copy of an event in one mailbox. `start` and `end` are aware and in UTC.

    An all-day event starts and ends at midnight, in any zone. `unknown_zone` is the name of the event's time
    zone if that zone is not known: then `start` and `end` are its local times, marked as UTC.
    """

    id: str
    #: the `@odata.etag` of our own GET, for If-Match
    etag: str
    #: singleInstance | occurrence | exception | seriesMaster
    type: str = "singleInstance"
    series_master_id: str | None = None
    subject: str = ""
    #: address of the organizer; empty if Graph returns none
    organizer: str = ""
    is_organizer: bool = True
    is_cancelled: bool = False
    is_draft: bool = False
    is_all_day: bool = False
    is_online_meeting: bool = False
    online_meeting_provider: str = "unknown"
    #: `onlineMeeting.joinUrl`, never the legacy `onlineMeetingUrl`
    join_url: str = ""
    #: the legacy `onlineMeetingUrl`, which other services and older clients set
    online_meeting_url: str = ""
    start: datetime
    end: datetime
    unknown_zone: str = ""
    #: Windows or IANA name of the zone in which the organizer entered the event; empty if Graph returns none
    original_zone: str = ""
    #: aware UTC, None if Graph returns none; it may change although no person changed the event
    last_modified: datetime | None = None
    #: aware UTC, None if Graph returns none
    created: datetime | None = None
    recurrence: Recurrence | None = None
    #: of a series: the latest end of those of its occurrences that were read one by one; None if none was
    occurrence_end: datetime | None = None
    attendees: tuple[Attendee, ...] = ()
    locations: tuple[Location, ...] = ()
    #: the first 255 characters of the body's text
    body_preview: str = ""
    #: None if it is not known: it was not requested, Graph did not return it, or it is too large
    body: str | None = None
    is_body_too_large: bool = False
    categories: tuple[str, ...] = ()
    #: normal | personal | private | confidential
    sensitivity: str = "normal"
    show_as: str = "busy"
    importance: str = "normal"

    @property
    def master(self) -> str | None:
        """The id of the series master that decides for an occurrence or exception; None for other events."""
        return self.series_master_id or None if self.type in OCCURRENCES else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The calendar that an event is in, as far as online meetings depend on it."""

    id: str
    default_online_meeting_provider: str
    allowed_online_meeting_providers: tuple[str, ...]
