"""Graph's JSON, checked and turned into our values.

Only what we select is described. Unknown properties are ignored, `null` means the default, and a shape that
does not fit ends in `UnexpectedAnswer` with the places, never with the content.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from shared.domain.event import Attendee, Calendar, Event, Location, Recurrence
from shared.domain.mailbox import NoCalendar, Subscription, User
from shared.domain.timezones import zone_or_utc
from shared.errors import UnexpectedAnswer


def _or(default: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: default if value is None else value)


Text = Annotated[str, _or("")]
Flag = Annotated[bool, _or(default=False)]


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")


class _DateTimeTimeZone(_Shape):
    date_time: str
    time_zone: Text = "UTC"

    def utc(self) -> datetime:
        # Graph writes seven fraction digits; fromisoformat cuts what is beyond microseconds.
        moment = datetime.fromisoformat(self.date_time)
        local = moment if moment.tzinfo else moment.replace(tzinfo=zone_or_utc(self.time_zone))
        return local.astimezone(UTC)


class _EmailAddress(_Shape):
    address: Text = ""


class _Recipient(_Shape):
    email_address: Annotated[_EmailAddress, _or({})] = _EmailAddress()


class _Attendee(_Recipient):
    type: Text = "required"


class _Location(_Shape):
    display_name: Text = ""
    location_type: Text = "default"
    location_uri: Text = ""

    def value(self) -> Location:
        return Location(display_name=self.display_name, type=self.location_type, uri=self.location_uri)


class _Body(_Shape):
    content: Text = ""


class _OnlineMeeting(_Shape):
    join_url: Text = ""


class _Pattern(_Shape):
    type: str
    interval: Annotated[int, _or(1)] = 1
    days_of_week: Annotated[list[str], _or([])] = []
    day_of_month: Annotated[int, _or(0)] = 0
    month: Annotated[int, _or(0)] = 0
    index: Text = "first"
    first_day_of_week: Text = "sunday"


class _Range(_Shape):
    type: str
    end_date: Text = ""
    number_of_occurrences: Annotated[int, _or(0)] = 0
    recurrence_time_zone: Text = "UTC"


class _Recurrence(_Shape):
    pattern: _Pattern
    range: _Range

    def value(self) -> Recurrence:
        pattern, span = self.pattern, self.range
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


class _Event(_Shape):
    id: str
    etag: str = Field(alias="@odata.etag")
    type: Text = "singleInstance"
    series_master_id: str | None = None
    subject: Text = ""
    organizer: Annotated[_Recipient, _or({})] = _Recipient()
    # Without a word from Graph we are not the organizer: then nothing is written.
    is_organizer: Flag = False
    is_cancelled: Flag = False
    is_draft: Flag = False
    is_all_day: Flag = False
    is_online_meeting: Flag = False
    online_meeting_provider: Annotated[str, _or("unknown")] = "unknown"
    online_meeting: Annotated[_OnlineMeeting, _or({})] = _OnlineMeeting()
    start: _DateTimeTimeZone
    end: _DateTimeTimeZone
    last_modified_date_time: Text = ""
    recurrence: _Recurrence | None = None
    attendees: Annotated[list[_Attendee], _or([])] = []
    location: Annotated[_Location, _or({})] = _Location()
    locations: Annotated[list[_Location], _or([])] = []
    body_preview: Text = ""
    body: _Body | None = None
    categories: Annotated[list[str], _or([])] = []
    sensitivity: Annotated[str, _or("normal")] = "normal"
    show_as: Annotated[str, _or("unknown")] = "unknown"
    importance: Annotated[str, _or("normal")] = "normal"

    def value(self) -> Event:
        places = [place.value() for place in (self.location, *self.locations)]
        return Event(
            id=self.id,
            etag=self.etag,
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
            start=self.start.utc(),
            end=self.end.utc(),
            last_modified=_moment(self.last_modified_date_time) if self.last_modified_date_time else None,
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


class _Calendar(_Shape):
    id: str
    default_online_meeting_provider: Annotated[str, _or("unknown")] = "unknown"
    allowed_online_meeting_providers: Annotated[list[str], _or([])] = []

    def value(self) -> Calendar:
        return Calendar(
            id=self.id,
            default_online_meeting_provider=self.default_online_meeting_provider,
            allowed_online_meeting_providers=tuple(self.allowed_online_meeting_providers),
        )


class _Identified(_Shape):
    id: str


class _Domain(_Shape):
    name: str


class _Organization(_Shape):
    verified_domains: Annotated[list[_Domain], _or([])] = []


class _Organizations(_Shape):
    value: list[_Organization]


class _User(_Shape):
    id: Text = ""
    mail: Text = ""
    user_principal_name: Text = ""
    user_type: Text = "Member"
    # Not told, it is enabled: the mailbox itself will say.
    account_enabled: Annotated[bool, _or(default=True)] = True

    def value(self) -> User:
        return User(id=self.id.lower(), no_calendar=self._no_calendar(), name=self.user_principal_name)

    def _no_calendar(self) -> NoCalendar | None:
        if self.user_type.lower() == "guest":
            return NoCalendar.GUEST
        if not self.account_enabled:
            return NoCalendar.ACCOUNT_DISABLED
        return None if self.mail else NoCalendar.NO_ADDRESS


class _MailboxSettings(_Shape):
    user_purpose: Text = ""


class _Users(_Shape):
    value: list[_User]


class _Subscription(_Shape):
    id: str
    resource: Text = ""
    change_type: Text = ""
    notification_url: Text = ""
    lifecycle_notification_url: Text = ""
    expiration_date_time: str

    def value(self) -> Subscription:
        return Subscription(
            id=self.id,
            resource=self.resource,
            change_type=self.change_type.replace(" ", ""),
            notification_url=self.notification_url,
            lifecycle_url=self.lifecycle_notification_url,
            expires=_moment(self.expiration_date_time),
        )


class _Subscriptions(_Shape):
    value: list[_Subscription]


class _Events(_Shape):
    value: list[_Event]


def addresses_from(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the lower-case addresses of a page of users: their mail, and the name they sign in with."""
    with _understood(call):
        users = _Users.model_validate(data).value
        return frozenset(
            address.lower() for user in users for address in (user.mail, user.user_principal_name) if address
        )


def users_from(data: dict[str, Any], call: str) -> tuple[User, ...]:
    """Read a page of users."""
    with _understood(call):
        return tuple(user.value() for user in _Users.model_validate(data).value)


def user_from(data: dict[str, Any], call: str) -> User:
    """Read one user."""
    with _understood(call):
        return _User.model_validate(data).value()


def purpose_from(data: dict[str, Any], call: str) -> str:
    """Read what a mailbox is for, such as `user` or `room`; empty where Graph does not tell."""
    with _understood(call):
        return _MailboxSettings.model_validate(data).user_purpose


def subscription_from(data: dict[str, Any], call: str) -> Subscription:
    """Read one subscription."""
    with _understood(call):
        return _Subscription.model_validate(data).value()


def subscriptions_from(data: dict[str, Any], call: str) -> tuple[Subscription, ...]:
    """Read a page of subscriptions."""
    with _understood(call):
        return tuple(one.value() for one in _Subscriptions.model_validate(data).value)


def events_from(data: dict[str, Any], call: str) -> tuple[Event, ...]:
    """Read a page of events."""
    with _understood(call):
        return tuple(event.value() for event in _Events.model_validate(data).value)


def event_from(data: dict[str, Any], call: str) -> Event:
    """Read an event out of a GET's or PATCH's answer; `call` names it in the error."""
    with _understood(call):
        return _Event.model_validate(data).value()


def calendar_from(data: dict[str, Any], call: str) -> Calendar:
    """Read a calendar."""
    with _understood(call):
        return _Calendar.model_validate(data).value()


def user_id_from(data: dict[str, Any], call: str) -> str:
    """Read a user's object id."""
    with _understood(call):
        return _Identified.model_validate(data).id


def domains_from(data: dict[str, Any], call: str) -> frozenset[str]:
    """Read the lower-case verified domains out of the answer of GET /organization."""
    with _understood(call):
        organizations = _Organizations.model_validate(data).value
        return frozenset(domain.name.lower() for item in organizations for domain in item.verified_domains)


def _moment(text: str) -> datetime:
    """Read a DateTimeOffset, which is UTC where it has no offset."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


@contextmanager
def _understood(call: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        places = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
        raise UnexpectedAnswer(call, detail=f"unexpected shape at {', '.join(places[:5])}") from None
    except (ValueError, OverflowError) as error:
        raise UnexpectedAnswer(call, detail="a date that can't be read") from error
