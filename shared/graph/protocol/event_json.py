"""Reads Graph's JSON of an event into our `Event`.

Reading is lenient where a default is safe: a null category is dropped, a null attendee becomes an attendee
without an address. Where a default could hide what a rule or guard needs, the event is unreadable.
"""

import re
from datetime import UTC, datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from shared.domain.event import MAX_BODY_BYTES, OCCURRENCES, Attendee, Event, Location
from shared.domain.timezones import find_zone
from shared.errors import UnreadableEvent
from shared.graph.protocol.json_shapes import (
    Contradiction,
    EmptyIsNone,
    Flag,
    ItemId,
    LenientText,
    Shape,
    Text,
    WithoutNulls,
    null_is,
    parse_moment,
    shape_errors,
)
from shared.graph.protocol.recurrence_json import RecurrenceShape

_OrEmpty = BeforeValidator(lambda value: value if isinstance(value, dict) else {})
#: Graph's ETags are weak. Another text in `If-Match` could match a version that we did not read.
_ETAG = re.compile(r'W/"[!#-~]{1,1000}"')


class _DateTimeTimeZone(Shape):
    date_time: str
    time_zone: Annotated[str, BeforeValidator(lambda name: name or "UTC")] = "UTC"

    def utc(self, *, is_all_day: bool) -> datetime:
        # Graph writes seven fraction digits; fromisoformat drops the seventh.
        read = datetime.fromisoformat(self.date_time)
        if is_all_day and read.time() == time.min:
            return read.replace(tzinfo=UTC)  # a day is the same in every zone
        local = read if read.tzinfo else read.replace(tzinfo=find_zone(self.time_zone) or UTC)
        return local.astimezone(UTC)

    def unknown_zone(self, *, is_all_day: bool) -> str:
        """Return the zone's name if it is needed but unknown, such as `tzone://Microsoft/Custom`; else ""."""
        read = datetime.fromisoformat(self.date_time)
        is_needed = read.tzinfo is None and not (is_all_day and read.time() == time.min)
        return self.time_zone if is_needed and find_zone(self.time_zone) is None else ""


class _EmailAddress(Shape):
    name: LenientText = ""
    address: Text = ""


class _Recipient(Shape):
    email_address: Annotated[_EmailAddress, null_is({})] = _EmailAddress()


class _Status(Shape):
    response: LenientText = ""


class _Attendee(_Recipient):
    type: Annotated[str, null_is("required")] = "required"
    status: Annotated[_Status, _OrEmpty] = _Status()

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
    unique_id: LenientText = ""
    unique_id_type: LenientText = ""
    location_email_address: LenientText = ""

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
    content: str | None = None

    @property
    def is_too_large(self) -> bool:
        """Whether the text takes more than MAX_BODY_BYTES in UTF-8."""
        text = self.content or ""
        return len(text) > MAX_BODY_BYTES or len(text.encode("utf-8", "replace")) > MAX_BODY_BYTES


class _OnlineMeeting(Shape):
    join_url: Text = ""


class _Event(Shape):
    id: ItemId
    etag: Any = Field(default="", alias="@odata.etag")
    type: Annotated[str, null_is("singleInstance")] = "singleInstance"
    series_master_id: Annotated[ItemId | None, EmptyIsNone] = None
    subject: Text = ""
    organizer: Annotated[_Recipient, null_is({})] = _Recipient()
    # Where Graph leaves it out, the mailbox is not the organizer: then Joinlink writes nothing.
    is_organizer: Flag = False
    is_cancelled: Flag = False
    is_draft: Flag = False
    is_all_day: Flag = False
    is_online_meeting: Flag = False
    online_meeting_provider: Annotated[str, null_is("unknown")] = "unknown"
    online_meeting: Annotated[_OnlineMeeting, null_is({})] = _OnlineMeeting()
    online_meeting_url: Text = ""
    start: _DateTimeTimeZone
    end: _DateTimeTimeZone
    original_start_time_zone: Text = ""
    original_end_time_zone: Text = ""
    last_modified_date_time: Any = None
    created_date_time: Any = None
    recurrence: RecurrenceShape | None = None
    attendees: Annotated[list[Annotated[_Attendee, null_is({})]], null_is([])] = Field(default_factory=list)
    location: Annotated[_Location, null_is({})] = _Location()
    locations: Annotated[list[_Location], WithoutNulls] = Field(default_factory=list)
    body_preview: Text = ""
    body: _Body | None = None
    categories: Annotated[list[str], WithoutNulls] = Field(default_factory=list)
    sensitivity: Annotated[str, null_is("normal")] = "normal"
    show_as: Annotated[str, null_is("unknown")] = "unknown"
    importance: Annotated[str, null_is("normal")] = "normal"

    def value(self) -> Event:
        if self.type in OCCURRENCES and not self.series_master_id:
            raise Contradiction("an occurrence without a series")
        places = [place.value() for place in (self.location, *self.locations)]
        is_body_too_large = self.body is not None and self.body.is_too_large
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
            created=_moment_or_none(self.created_date_time),
            recurrence=self.recurrence.value() if self.recurrence else None,
            attendees=tuple(attendee.value() for attendee in self.attendees),
            # Exchange keeps `location` and `locations` equal; an empty location has no information.
            locations=tuple(
                dict.fromkeys(place for place in places if place.display_name or place.uri or place.email)
            ),
            body_preview=self.body_preview,
            body=self.body.content if self.body and not is_body_too_large else None,
            is_body_too_large=is_body_too_large,
            categories=tuple(self.categories),
            sensitivity=self.sensitivity,
            show_as=self.show_as,
            importance=self.importance,
        )

    def _unknown_zone(self) -> str:
        unknown = [edge.unknown_zone(is_all_day=self.is_all_day) for edge in (self.start, self.end)]
        if unknown[0] != unknown[1]:
            raise Contradiction("start and end in two unknown time zones")
        return unknown[0]

    def _original_zone(self) -> str:
        """Return the organizer's zone; UTC is only what we asked Graph for."""
        shown = "" if self.start.time_zone == "UTC" else self.start.time_zone
        return self.original_start_time_zone or self.original_end_time_zone or shown


def parse_event(data: object, call: str) -> Event:
    """Read an event: an item of a page, or the answer of a GET or PATCH; errors name the `call`.

    An ETag that is not a weak one becomes "": Joinlink can decide about the event, but not write to it.

    Raises:
        UnreadableEvent: the data does not have an event's shape.
    """
    with shape_errors(call, UnreadableEvent):
        return _Event.model_validate(data).value()


def _moment_or_none(text: object) -> datetime | None:
    """Read when an event was created or changed; no decision of the app depends on it."""
    try:
        return parse_moment(text) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
