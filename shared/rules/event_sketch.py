"""Turns the short description of an event in a rule's test into a complete event."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from shared.domain.event import Attendee, Event, Location, Recurrence

#: the time of a test that names none: a Monday
MOMENT = datetime(2026, 1, 5, 8, tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time on the day after the test's moment; with a weekday (0 is Monday), on the next such weekday."""

    clock: timedelta
    weekday: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSketch:
    """What a test defines of its event. By default, the event is an ordinary meeting at ten the next day.

    `start` is a local time in `timezone`, a time of day, or an interval after the test's moment. People
    without "@" in their names are colleagues of the organizer.
    """

    organizer: str = "organizer"
    #: the organizer's department in the directory, empty if there is none
    department: str = ""
    attendees: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    subject: str = "Meeting"
    body: str = ""
    location: tuple[str, ...] = ()
    start: datetime | TimeOfDay | timedelta = TimeOfDay(timedelta(hours=10))
    duration: timedelta | None = None
    timezone: tzinfo = UTC
    all_day: bool = False
    recurring: bool = False
    categories: tuple[str, ...] = ()
    sensitivity: str = "normal"
    show_as: str = "busy"
    importance: str = "normal"
    draft: bool = False
    cancelled: bool = False
    online: bool = False

    def moment(self, at: datetime | None) -> datetime:
        """Return the aware time of the decision: `at` (local), or if that is None, a day before the start."""
        if at is not None:
            return at.replace(tzinfo=self.timezone).astimezone(UTC)
        if isinstance(self.start, datetime):
            return self.start.replace(tzinfo=self.timezone).astimezone(UTC) - _DAY
        return MOMENT

    def event(self, *, now: datetime, company: str) -> Event:
        """Return the event as Graph would return it at `now`; `company` is the domain of colleagues."""
        start = self._start(now)
        return Event(
            id="test",
            etag='W/"test"',
            type="seriesMaster" if self.recurring else "singleInstance",
            recurrence=Recurrence(pattern="weekly") if self.recurring else None,
            subject=self.subject,
            organizer=_address(self.organizer, company),
            is_cancelled=self.cancelled,
            is_draft=self.draft,
            is_all_day=self.all_day,
            is_online_meeting=self.online,
            start=start,
            end=start + (self._usual_duration() if self.duration is None else self.duration),
            attendees=(
                *(Attendee(address=_address(person, company)) for person in self.attendees),
                *(Attendee(address=_address(room, company), type="resource") for room in self.rooms),
            ),
            locations=(
                *(Location(display_name=place) for place in self.location),
                *(_room(_address(room, company)) for room in self.rooms),
            ),
            original_zone=str(self.timezone),
            body_preview=self.body[:255],
            body=self.body,
            categories=self.categories,
            sensitivity=self.sensitivity,
            show_as=self.show_as,
            importance=self.importance,
        )

    def _usual_duration(self) -> timedelta:
        return _DAY if self.all_day else timedelta(minutes=30)

    def _start(self, now: datetime) -> datetime:
        if isinstance(self.start, timedelta):
            return now + self.start
        local = self.start if isinstance(self.start, datetime) else self._next(self.start, now)
        if self.all_day:  # Graph returns all-day events from midnight to midnight in UTC
            return datetime.combine(local.date(), time(), UTC)
        return local.replace(tzinfo=self.timezone).astimezone(UTC)

    def _next(self, wanted: TimeOfDay, now: datetime) -> datetime:
        day = now.astimezone(self.timezone).date() + _DAY
        if wanted.weekday is not None:
            day += timedelta(days=(wanted.weekday - day.weekday()) % 7)
        return datetime.combine(day, time()) + wanted.clock


def _room(address: str) -> Location:
    return Location(
        display_name="", type="conferenceRoom", unique_id=address, unique_id_type="directory", uri=address
    )


def _address(name: str, company: str) -> str:
    return name if "@" in name or "/" in name else f"{name}@{company}"
