"""Graph's JSON for calendars and events, checked and turned into our values.

An event is read leniently where a default is safe: a null category is dropped, a null attendee is somebody
who can't be told. Where a default could hide what a rule or guard asks for, the event can't be read.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from shared.domain.event import OCCURRENCES, Attendee, Calendar, Event, Location, Recurrence
from shared.domain.timezones import find_zone
from shared.errors import UnreadableEvent
from shared.graph.shapes import EmptyIsNone, Flag, ItemId, Shape, Text, WithoutNulls, moment, or_, understood

#: text; anything else counts as not told, since no rule depends on it alone
_Lenient = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]
_OrNothing = BeforeValidator(lambda value: value if isinstance(value, dict) else {})
#: Graph's ETags are weak; any other text in an `If-Match` could match what we did not read.
_ETAG = re.compile(r'W/"[!#-~]{1,1000}"')


class _DateTimeTimeZone(Shape):
    date_time: str
    time_zone: Annotated[str, BeforeValidator(lambda name: name or "UTC")] = "UTC"

    def utc(self, *, is_all_day: bool) -> datetime:
        # Graph writes seven fraction digits; fromisoformat cuts what is beyond microseconds.
        read = datetime.fromisoformat(self.date_time)
        if is_all_day and read.time() == time.min:
            return read.replace(tzinfo=UTC)  # a day is a day, in whatever zone it is shown
        local = read if read.tzinfo else read.replace(tzinfo=find_zone(self.time_zone) or UTC)
        return local.astimezone(UTC)

    def unknown_zone(self, *, is_all_day: bool) -> str:
        """Return the name of the zone where it is needed and not known (`tzone://Microsoft/Custom`, say)."""
        read = datetime.fromisoformat(self.date_time)
        is_needed = read.tzinfo is None and not (is_all_day and read.time() == time.min)
        return self.time_zone if is_needed and find_zone(self.time_zone) is None else ""


class _EmailAddress(Shape):
    name: _Lenient = ""
    address: Text = ""


class _Recipient(Shape):
    email_address: Annotated[_EmailAddress, or_({})] = _EmailAddress()


class _Status(Shape):
    response: _Lenient = ""


class _Attendee(_Recipient):
    type: Annotated[str, or_("required")] = "required"
    status: Annotated[_Status, _OrNothing] = _Status()

    def value(self) -> Attendee:
        return Attendee(
            address=self.email_address.address,
            type=self.type.lower(),
            response=self.status.response.lower() or "none",
            name=self.email_address.name,
        )


class _Location(Shape):
    display_name: Text = ""
    location_type: Text = "default"
    location_uri: Text = ""
    unique_id: _Lenient = ""
    unique_id_type: _Lenient = ""
    location_email_address: _Lenient = ""

    def value(self) -> Location:
        return Location(
            display_name=self.display_name,
            type=self.location_type,
            uri=self.location_uri,
            unique_id=self.unique_id,
            unique_id_type=self.unique_id_type or "unknown",
            email=self.location_email_address,
        )


class _Body(Shape):
    content: Text = ""


class _OnlineMeeting(Shape):
    join_url: Text = ""


class _Pattern(Shape):
    type: Text = ""
    interval: Annotated[int, or_(1)] = 1
    days_of_week: Annotated[list[str], or_([])] = Field(default_factory=list)
    day_of_month: Annotated[int, or_(0)] = 0
    month: Annotated[int, or_(0)] = 0
    index: Text = "first"
    first_day_of_week: Text = "sunday"


class _Range(Shape):
    type: Text = ""
    end_date: Text = ""
    number_of_occurrences: Annotated[int, or_(0)] = 0
    recurrence_time_zone: Text = ""


class _Recurrence(Shape):
    pattern: Annotated[_Pattern, or_({})] = _Pattern()
    range: Annotated[_Range, or_({})] = _Range()

    def value(self) -> Recurrence:
        """Return the recurrence as it stands: contradictions are judged where its end is."""
        pattern, span = self.pattern, self.range
        return Recurrence(
            pattern=pattern.type,
            interval=pattern.interval,
            days_of_week=tuple(pattern.days_of_week),
            day_of_month=pattern.day_of_month,
            month=pattern.month,
            index=pattern.index,
            first_day_of_week=pattern.first_day_of_week,
            range_end=_day_or_none(span.end_date) if span.type == "endDate" else None,
            occurrences=span.number_of_occurrences if span.type == "numbered" else None,
            range_type=span.type,
            time_zone=span.recurrence_time_zone,
        )


class _Event(Shape):
    id: ItemId
    etag: Any = Field(default="", alias="@odata.etag")
    type: Annotated[str, or_("singleInstance")] = "singleInstance"
    series_master_id: Annotated[ItemId | None, EmptyIsNone] = None
    subject: Text = ""
    organizer: Annotated[_Recipient, or_({})] = _Recipient()
    # Without a word from Graph we are not the organizer: then nothing is written.
    is_organizer: Flag = False
    is_cancelled: Flag = False
    is_draft: Flag = False
    is_all_day: Flag = False
    is_online_meeting: Flag = False
    online_meeting_provider: Annotated[str, or_("unknown")] = "unknown"
    online_meeting: Annotated[_OnlineMeeting, or_({})] = _OnlineMeeting()
    online_meeting_url: Text = ""
    start: _DateTimeTimeZone
    end: _DateTimeTimeZone
    original_start_time_zone: Text = ""
    original_end_time_zone: Text = ""
    last_modified_date_time: Any = None
    recurrence: _Recurrence | None = None
    attendees: Annotated[list[Annotated[_Attendee, or_({})]], or_([])] = Field(default_factory=list)
    location: Annotated[_Location, or_({})] = _Location()
    locations: Annotated[list[_Location], WithoutNulls] = Field(default_factory=list)
    body_preview: Text = ""
    body: _Body | None = None
    categories: Annotated[list[str], WithoutNulls] = Field(default_factory=list)
    sensitivity: Annotated[str, or_("normal")] = "normal"
    show_as: Annotated[str, or_("unknown")] = "unknown"
    importance: Annotated[str, or_("normal")] = "normal"

    def value(self) -> Event:
        if self.type in OCCURRENCES and not self.series_master_id:
            raise ValueError("an occurrence of no series")
        places = [place.value() for place in (self.location, *self.locations)]
        return Event(
            id=self.id,
            etag=self.etag if isinstance(self.etag, str) and _ETAG.fullmatch(self.etag) else "",
            type=self.type,
            series_master_id=self.series_master_id,
            subject=self.subject,
            organizer=self.organizer.email_address.address,
            is_organizer=self.is_organizer,
            is_cancelled=self.is_cancelled,
            is_draft=self.is_draft,
            is_all_day=self.is_all_day,
            is_online_meeting=self.is_online_meeting,
            online_meeting_provider=self.online_meeting_provider,
            join_url=self.online_meeting.join_url,
            online_meeting_url=self.online_meeting_url,
            start=self.start.utc(is_all_day=self.is_all_day),
            end=self.end.utc(is_all_day=self.is_all_day),
            unknown_zone=self._unknown_zone(),
            original_zone=self._original_zone(),
            last_modified=_moment_or_none(self.last_modified_date_time),
            recurrence=self.recurrence.value() if self.recurrence else None,
            attendees=tuple(attendee.value() for attendee in self.attendees),
            # `location` and `locations` are kept in step by Exchange; an empty one says nothing.
            locations=tuple(
                dict.fromkeys(place for place in places if place.display_name or place.uri or place.email)
            ),
            body_preview=self.body_preview,
            body=self.body.content if self.body else None,
            categories=tuple(self.categories),
            sensitivity=self.sensitivity,
            show_as=self.show_as,
            importance=self.importance,
        )

    def _unknown_zone(self) -> str:
        unknown = [edge.unknown_zone(is_all_day=self.is_all_day) for edge in (self.start, self.end)]
        if unknown[0] != unknown[1]:
            raise ValueError("start and end in zones whose distance is not known")
        return unknown[0]

    def _original_zone(self) -> str:
        """Return the zone of the organizer; the UTC that we ask for says nothing of it."""
        shown = "" if self.start.time_zone == "UTC" else self.start.time_zone
        return self.original_start_time_zone or self.original_end_time_zone or shown


class _Calendar(Shape):
    id: ItemId
    default_online_meeting_provider: Annotated[str, or_("unknown")] = "unknown"
    allowed_online_meeting_providers: Annotated[list[str], WithoutNulls] = Field(default_factory=list)

    def value(self) -> Calendar:
        return Calendar(
            id=self.id,
            default_online_meeting_provider=self.default_online_meeting_provider,
            allowed_online_meeting_providers=tuple(self.allowed_online_meeting_providers),
        )


def event_from(data: object, call: str) -> Event:
    """Read an event: an item of a page, or the answer of a GET or PATCH; `call` names it in the error.

    An ETag that is no weak one is read as "": the event can be judged, and not written.

    Raises:
        UnreadableEvent: it does not have an event's shape.
    """
    with understood(call, UnreadableEvent):
        return _Event.model_validate(data).value()


def calendar_from(data: dict[str, Any], call: str) -> Calendar:
    """Read a calendar."""
    with understood(call):
        return _Calendar.model_validate(data).value()


def _day_or_none(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment_or_none(text: object) -> datetime | None:
    """Read when an event was changed; only statistics go by it."""
    try:
        return moment(text) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
