from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.domain.ending import last_end
from shared.domain.event import Attendee, Location
from shared.errors import UnexpectedAnswer
from shared.graph.protocol.event_json import parse_event

NINE = {"dateTime": "2026-11-24T09:00:00.0000000", "timeZone": "UTC"}
TEN = {"dateTime": "2026-11-24T10:00:00.0000000", "timeZone": "UTC"}
LEAST: dict[str, Any] = {"id": "AAMk=", "@odata.etag": 'W/"1"', "start": NINE, "end": TEN}


def read(**properties: Any) -> Any:
    return parse_event(LEAST | properties, "read the event")


def test_an_event_with_few_properties_has_safe_defaults() -> None:
    """Not the organizer, no attendees: Joinlink writes nothing."""
    event = read()

    assert (event.id, event.etag, event.is_organizer, event.attendees) == ("AAMk=", 'W/"1"', False, ())
    assert (event.start, event.end) == (
        datetime(2026, 11, 24, 9, tzinfo=UTC),
        datetime(2026, 11, 24, 10, tzinfo=UTC),
    )


def test_null_means_the_default_everywhere() -> None:
    """Graph sends null for empty properties."""
    nothing = dict.fromkeys(
        (
            "subject", "organizer", "attendees", "isOnlineMeeting", "onlineMeetingProvider", "onlineMeeting",
            "location", "locations", "recurrence", "categories", "bodyPreview", "sensitivity", "seriesMasterId",
        )
    )  # fmt: skip

    assert read(**nothing) == read()


@pytest.mark.parametrize(
    ("properties", "field", "expected"),
    [
        pytest.param({"organizer": {"emailAddress": {"name": "Ada", "address": "ada@contoso.com"}}}, "organizer", "ada@contoso.com", id="organizer"),
        pytest.param({"attendees": [{"type": "resource", "emailAddress": {"address": "room@contoso.com"}}, {"emailAddress": {}}]}, "attendees", (Attendee(address="room@contoso.com", type="resource"), Attendee(address="")), id="attendees, with and without address"),
        pytest.param({"onlineMeetingUrl": "https://legacy"}, "online_meeting_url", "https://legacy", id="the legacy link, which may be another service's"),
        pytest.param({"onlineMeeting": {"joinUrl": "https://t/1"}, "onlineMeetingUrl": "https://legacy"}, "join_url", "https://t/1", id="the join link, never the legacy one"),
        pytest.param({"location": {"displayName": "Room 1", "locationType": "conferenceRoom"}, "locations": [{"displayName": "Room 1", "locationType": "conferenceRoom"}, {"displayName": ""}]}, "locations", (Location(display_name="Room 1", type="conferenceRoom"),), id="locations without duplicates"),
        pytest.param({"start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "W. Europe Standard Time"}}, "start", datetime(2026, 11, 24, 9, tzinfo=UTC), id="a zone other than UTC"),
        pytest.param({"isAllDay": True, "start": {"dateTime": "2026-11-24T00:00:00", "timeZone": "W. Europe Standard Time"}}, "start", datetime(2026, 11, 24, tzinfo=UTC), id="a whole day is the same in every zone"),
        pytest.param({"isAllDay": True, "end": {"dateTime": "2026-11-24T23:00:00", "timeZone": "UTC"}}, "end", datetime(2026, 11, 24, 23, tzinfo=UTC), id="a day that Graph has shifted is unchanged"),
        pytest.param({"body": {"contentType": "text", "content": "see you"}}, "body", "see you", id="the body, on request"),
        pytest.param({"type": "somethingNew", "sensitivity": "somethingNew"}, "sensitivity", "somethingNew", id="values that Graph may add"),
        pytest.param({"surprise": {"a": 1}}, "subject", "", id="properties that Graph may add"),
    ],
)  # fmt: skip
def test_a_property_becomes_its_field(properties: dict[str, Any], field: str, expected: object) -> None:
    """From Graph's names and shapes to ours."""
    assert getattr(read(**properties), field) == expected


def test_a_recurrence_keeps_what_determines_its_end() -> None:
    """`endDate` ranges have a last day, `numbered` ones a count; Graph's placeholder date is ignored."""
    pattern = {
        "type": "weekly",
        "interval": 2,
        "daysOfWeek": ["monday"],
        "firstDayOfWeek": "monday",
        "month": 0,
    }
    ranged = {
        "type": "endDate",
        "startDate": "2026-11-23",
        "endDate": "2027-01-31",
        "recurrenceTimeZone": "UTC",
    }
    numbered = {
        "type": "numbered",
        "startDate": "2026-11-23",
        "endDate": "0001-01-01",
        "numberOfOccurrences": 7,
    }

    until = read(recurrence={"pattern": pattern, "range": ranged}).recurrence
    count = read(recurrence={"pattern": pattern, "range": numbered}).recurrence
    assert (until.range_end, until.occurrences, until.interval) == (date(2027, 1, 31), None, 2)
    assert (count.range_end, count.occurrences, count.days_of_week) == (None, 7, ("monday",))


@pytest.mark.parametrize(
    ("pattern", "span"),
    [
        pytest.param({}, {"type": "numbered", "numberOfOccurrences": 0}, id="no occurrence"),
        pytest.param({}, {"type": "endDate", "endDate": "soon"}, id="an end that is not a date"),
        pytest.param({}, {"type": "endDate", "endDate": "0001-01-01"}, id="an end before the start"),
        pytest.param({}, {"type": "endDate"}, id="no end"),
        pytest.param({}, {"type": "lunar"}, id="a range that Graph may add"),
        pytest.param({}, None, id="no range"),
        pytest.param(None, {"type": "numbered", "numberOfOccurrences": 1}, id="no pattern"),
        pytest.param({"type": None}, {"type": "numbered", "numberOfOccurrences": 1}, id="no type"),
        pytest.param({"daysOfWeek": []}, {"type": "numbered", "numberOfOccurrences": 1}, id="weekly without a day"),
        pytest.param({"interval": 0}, {"type": "numbered", "numberOfOccurrences": 1}, id="interval of 0"),
    ],
)  # fmt: skip
def test_a_contradictory_recurrence_has_no_end(
    pattern: dict[str, Any] | None, span: dict[str, Any] | None
) -> None:
    """The event is readable, and its series counts as not ended."""
    weekly = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}
    recurrence = {"pattern": None if pattern is None else {**weekly, **pattern}, "range": span}

    assert last_end(read(type="seriesMaster", recurrence=recurrence)) is None


def test_an_unknown_zone_is_kept() -> None:
    """The times are read as UTC, and `unknown_zone` shows that they are not."""
    zone = "tzone://Microsoft/Custom"
    custom = {
        edge: {"dateTime": f"2026-11-24T{hour}:00:00", "timeZone": zone}
        for edge, hour in (("start", "09"), ("end", "10"))
    }
    offset = {"dateTime": "2026-11-24T09:00:00+01:00", "timeZone": zone}

    assert read(**custom).unknown_zone == zone
    assert not read(start=offset, end=offset).unknown_zone
    with pytest.raises(UnexpectedAnswer):
        read(start=custom["start"])


@pytest.mark.parametrize(
    ("properties", "zone"),
    [
        pytest.param({"originalStartTimeZone": "Tokyo Standard Time"}, "Tokyo Standard Time", id="of the start"),
        pytest.param({"originalStartTimeZone": "", "originalEndTimeZone": "UTC"}, "UTC", id="of the end"),
        pytest.param({"start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "Asia/Tokyo"}}, "Asia/Tokyo", id="the zone in a file"),
        pytest.param({}, "", id="not the UTC that we asked for"),
    ],
)  # fmt: skip
def test_the_organizers_zone_is_kept(properties: dict[str, Any], zone: str) -> None:
    """It determines when whole days end, and the times of a series without its own zone."""
    assert read(**properties).original_zone == zone


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        pytest.param({"id": None}, "id", id="no id"),
        pytest.param({"isOnlineMeeting": "yes"}, "isOnlineMeeting", id="text for true"),
        pytest.param({"attendees": {"address": "secret@contoso.com"}}, "attendees", id="an object for a list"),
        pytest.param({"attendees": [7]}, "attendees.0", id="a number for an attendee"),
        pytest.param({"start": {"dateTime": "secret"}}, "a date that can't be read", id="an invalid date"),
        pytest.param({"start": {"dateTime": "9999-12-31T23:59:59", "timeZone": "Etc/GMT+12"}}, "a date", id="a date after the year 9999"),
    ],
)  # fmt: skip
def test_an_unexpected_shape_is_named_without_its_content(properties: dict[str, Any], place: str) -> None:
    """The error names the place, and leaves out what people wrote."""
    with pytest.raises(UnexpectedAnswer) as refused:
        read(**properties)

    assert place in str(refused.value)
    assert "secret" not in str(refused.value)
