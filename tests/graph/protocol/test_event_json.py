from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.domain.ending import last_end
from shared.domain.event import Attendee, Calendar, Location
from shared.errors import UnexpectedAnswer
from shared.graph.protocol.calendar_json import parse_calendar
from shared.graph.protocol.directory_json import parse_member_addresses, parse_verified_domains
from shared.graph.protocol.event_json import parse_event

NINE = {"dateTime": "2026-11-24T09:00:00.0000000", "timeZone": "UTC"}
TEN = {"dateTime": "2026-11-24T10:00:00.0000000", "timeZone": "UTC"}
LEAST: dict[str, Any] = {"id": "AAMk=", "@odata.etag": 'W/"1"', "start": NINE, "end": TEN}


def read(**properties: Any) -> Any:
    return parse_event(LEAST | properties, "read the event")


def test_an_event_with_the_least_is_understood_with_restraint() -> None:
    """What Graph leaves out means the harmless: not ours, nobody invited, nothing to write."""
    event = read()

    assert (event.id, event.etag, event.is_organizer, event.attendees) == ("AAMk=", 'W/"1"', False, ())
    assert (event.start, event.end) == (
        datetime(2026, 11, 24, 9, tzinfo=UTC),
        datetime(2026, 11, 24, 10, tzinfo=UTC),
    )


def test_null_means_the_default_everywhere() -> None:
    """Graph writes null for what is empty."""
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
        pytest.param({"onlineMeetingUrl": "https://legacy"}, "online_meeting_url", "https://legacy", id="the legacy link, where another service's may be"),
    pytest.param({"onlineMeeting": {"joinUrl": "https://t/1"}, "onlineMeetingUrl": "https://legacy"}, "join_url", "https://t/1", id="the join link, never the legacy one"),
        pytest.param({"location": {"displayName": "Room 1", "locationType": "conferenceRoom"}, "locations": [{"displayName": "Room 1", "locationType": "conferenceRoom"}, {"displayName": ""}]}, "locations", (Location(display_name="Room 1", type="conferenceRoom"),), id="places, each once"),
        pytest.param({"start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "W. Europe Standard Time"}}, "start", datetime(2026, 11, 24, 9, tzinfo=UTC), id="a zone that we did not ask for"),
        pytest.param({"isAllDay": True, "start": {"dateTime": "2026-11-24T00:00:00", "timeZone": "W. Europe Standard Time"}}, "start", datetime(2026, 11, 24, tzinfo=UTC), id="a whole day in any zone is that day"),
        pytest.param({"isAllDay": True, "end": {"dateTime": "2026-11-24T23:00:00", "timeZone": "UTC"}}, "end", datetime(2026, 11, 24, 23, tzinfo=UTC), id="a day that Graph has shifted is left as it is"),
        pytest.param({"body": {"contentType": "text", "content": "see you"}}, "body", "see you", id="the body, where asked for"),
        pytest.param({"type": "somethingNew", "sensitivity": "somethingNew"}, "sensitivity", "somethingNew", id="words that Graph may add"),
        pytest.param({"surprise": {"a": 1}}, "subject", "", id="properties that Graph may add"),
    ],
)  # fmt: skip
def test_an_events_property_reaches_its_field(
    properties: dict[str, Any], field: str, expected: object
) -> None:
    """Graph's names and shapes on one side, ours on the other."""
    assert getattr(read(**properties), field) == expected


def test_a_recurrence_keeps_what_its_end_depends_on() -> None:
    """`endDate` ranges have a last day, `numbered` ones a count; Graph's filler date says nothing."""
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
        pytest.param({}, {"type": "endDate", "endDate": "soon"}, id="an end that is no day"),
        pytest.param({}, {"type": "endDate", "endDate": "0001-01-01"}, id="an end before the beginning"),
        pytest.param({}, {"type": "endDate"}, id="no end"),
        pytest.param({}, {"type": "lunar"}, id="a range that Graph may add"),
        pytest.param({}, None, id="no range"),
        pytest.param(None, {"type": "numbered", "numberOfOccurrences": 1}, id="no pattern"),
        pytest.param({"type": None}, {"type": "numbered", "numberOfOccurrences": 1}, id="no type"),
        pytest.param({"daysOfWeek": []}, {"type": "numbered", "numberOfOccurrences": 1}, id="weekly on no day"),
        pytest.param({"interval": 0}, {"type": "numbered", "numberOfOccurrences": 1}, id="interval of 0"),
    ],
)  # fmt: skip
def test_a_recurrence_that_contradicts_itself_is_taken_for_alive(
    pattern: dict[str, Any] | None, span: dict[str, Any] | None
) -> None:
    """The event is read, and a series that is over by no number goes on."""
    weekly = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}
    recurrence = {"pattern": None if pattern is None else {**weekly, **pattern}, "range": span}

    assert last_end(read(type="seriesMaster", recurrence=recurrence)) is None


def test_a_zone_that_is_not_known_is_kept() -> None:
    """The times stand as if they were UTC, and whoever judges them knows that they are not."""
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
        pytest.param({"start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "Asia/Tokyo"}}, "Asia/Tokyo", id="the one that a file shows"),
        pytest.param({}, "", id="not the UTC that was asked for"),
    ],
)  # fmt: skip
def test_the_zone_of_the_organizer_is_kept(properties: dict[str, Any], zone: str) -> None:
    """Whole days end by it, and a series without a zone of its own goes by it."""
    assert read(**properties).original_zone == zone


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        pytest.param({"id": None}, "id", id="no id"),
        pytest.param({"isOnlineMeeting": "yes"}, "isOnlineMeeting", id="text for true"),
        pytest.param({"attendees": {"address": "secret@contoso.com"}}, "attendees", id="an object for a list"),
        pytest.param({"attendees": [7]}, "attendees.0", id="a number for an attendee"),
        pytest.param({"start": {"dateTime": "secret"}}, "a date that can't be read", id="a date that is none"),
        pytest.param({"start": {"dateTime": "9999-12-31T23:59:59", "timeZone": "Etc/GMT+12"}}, "a date", id="a date after time"),
    ],
)  # fmt: skip
def test_a_shape_that_we_dont_understand_is_named_without_its_content(
    properties: dict[str, Any], place: str
) -> None:
    """The event is left alone, and the place is named; what people wrote stays out of the error."""
    with pytest.raises(UnexpectedAnswer) as refused:
        read(**properties)

    assert place in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_calendar_without_providers_names_none() -> None:
    """Unlicensed mailboxes have null here."""
    expected = Calendar(
        id="c", default_online_meeting_provider="unknown", allowed_online_meeting_providers=()
    )
    found = {"id": "c", "defaultOnlineMeetingProvider": None, "allowedOnlineMeetingProviders": None}

    assert parse_calendar(found, "read the calendar") == expected


def test_people_are_known_by_all_their_addresses() -> None:
    """Mail, user principal name and aliases, in lower case; what is no mail address is left out."""
    page = {
        "value": [
            {
                "mail": "Ada@contoso.com",
                "userPrincipalName": "A.Lovelace@contoso.com",
                "proxyAddresses": [
                    "SMTP:Ada@contoso.com",
                    "smtp:Countess@contoso.com",
                    "SIP:al@contoso.com",
                    "X500:/o=x",
                ],
            },
            {"mail": None, "userPrincipalName": "bo@contoso.com", "proxyAddresses": None},
        ]
    }

    assert parse_member_addresses(page, "c") == {
        "ada@contoso.com", "a.lovelace@contoso.com", "countess@contoso.com", "bo@contoso.com",
    }  # fmt: skip


def test_domains_are_lower_case() -> None:
    """Addresses are compared without case."""
    answer = {
        "value": [
            {"id": "t", "verifiedDomains": [{"name": "Contoso.com"}, {"name": "contoso.onmicrosoft.com"}]}
        ]
    }

    assert parse_verified_domains(answer, "read the domains") == {"contoso.com", "contoso.onmicrosoft.com"}
