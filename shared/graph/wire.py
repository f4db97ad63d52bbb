"""Graph's JSON for calendars and events, checked and turned into our values.

An event is read leniently where a default is safe: a null category is dropped, a null attendee is somebody
who can't be told. Where a default could hide what a rule or guard asks for, the event can't be read.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import Field

from shared.domain.event import OCCURRENCES, Attendee, Calendar, Event, Location, Recurrence
from shared.domain.timezones import zone_or_utc
from shared.errors import UnreadableEvent
from shared.graph.shapes import EmptyIsNone, Flag, ItemId, Shape, Text, WithoutNulls, moment, or_, understood

#: Graph's ETags are weak; any other text in an `If-Match` could match what we did not read.
_ETAG = re.compile(r'W/"[!#-~]{1,1000}"')


class _DateTimeTimeZone(Shape):
    date_time: str
    time_zone: Text = "UTC"

    def utc(self, *, is_all_day: bool) -> datetime:
        # Graph writes seven fraction digits; fromisoformat cuts what is beyond microseconds.
        read = datetime.fromisoformat(self.date_time)
        if is_all_day and read.time() == time.min:
            return read.replace(tzinfo=UTC)  # a day is a day, in whatever zone it is shown
        local = read if read.tzinfo else read.replace(tzinfo=zone_or_utc(self.time_zone))
        return local.astimezone(UTC)


class _EmailAddress(Shape):
    address: Text = ""


class _Recipient(Shape):
    email_address: Annotated[_EmailAddress, or_({})] = _EmailAddress()


class _Attendee(_Recipient):
    type: Annotated[str, or_("required")] = "required"


class _Location(Shape):
    display_name: Text = ""
    location_type: Text = "default"
    location_uri: Text = ""

    def value(self) -> Location:
        return Location(display_name=self.display_name, type=self.location_type, uri=self.location_uri)


class _Body(Shape):
    content: Text = ""


class _OnlineMeeting(Shape):
    join_url: Text = ""


class _Pattern(Shape):
    type: str
    interval: Annotated[int, or_(1)] = 1
    days_of_week: Annotated[list[str], or_([])] = Field(default_factory=list)
    day_of_month: Annotated[int, or_(0)] = 0
    month: Annotated[int, or_(0)] = 0
    index: Text = "first"
    first_day_of_week: Text = "sunday"


class _Range(Shape):
    type: str
    end_date: Text = ""
    number_of_occurrences: Annotated[int, or_(0)] = 0
    recurrence_time_zone: Text = "UTC"


class _Recurrence(Shape):
    pattern: _Pattern
    range: _Range

    def value(self) -> Recurrence:
        pattern, span = self.pattern, self.range
        if span.type == "numbered" and span.number_of_occurrences < 1:
            raise ValueError("a series of no occurrences")
        return Recurrence(
            pattern=pattern.type,
            interval=pattern.interval,
            days_of_week=tuple(pattern.days_of_week),
            day_of_month=pattern.day_of_month,
            month=pattern.month,
            index=pattern.index,
            first_day_of_week=pattern.first_day_of_week,
            range_end=date.fromisoformat(span.end_date) if span.type == "endDate" else None,
            occurrences=span.number_of_occurrences if span.type == "numbered" else None,
            time_zone=span.recurrence_time_zone or "UTC",
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
            last_modified=_moment_or_none(self.last_modified_date_time),
            recurrence=self.recurrence.value() if self.recurrence else None,
            attendees=tuple(Attendee(address=a.email_address.address, type=a.type) for a in self.attendees),
            # `location` and `locations` are kept in step by Exchange; an empty one says nothing.
            locations=tuple(dict.fromkeys(place for place in places if place.display_name or place.uri)),
            body_preview=self.body_preview,
            body=self.body.content if self.body else None,
            categories=tuple(self.categories),
            sensitivity=self.sensitivity,
            show_as=self.show_as,
            importance=self.importance,
        )


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


def _moment_or_none(text: object) -> datetime | None:
    """Read when an event was changed; only statistics go by it."""
    try:
        return moment(text) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
