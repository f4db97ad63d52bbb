"""Unexpected JSON in Graph's answers: each item is read by itself, and only our own errors are raised."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.event import Attendee
from shared.errors import GraphUnavailable, UnreadableEvent
from shared.graph.protocol.calendar_json import parse_calendar_page
from shared.graph.protocol.directory_json import parse_member_addresses, parse_users
from shared.graph.protocol.event_json import parse_event
from shared.graph.protocol.subscription_json import parse_subscriptions
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.decide import decide
from shared.rules.facts import Facts

EVENT: dict[str, Any] = {
    "@odata.etag": 'W/"DwAAABYAAAC3"',
    "id": "AAMkAGVmMDEzMTM4LTZm",
    "type": "seriesMaster",
    "seriesMasterId": None,
    "subject": "Review",
    "start": {"dateTime": "2026-11-24T09:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-11-24T09:30:00.0000000", "timeZone": "UTC"},
    "lastModifiedDateTime": "2026-11-20T08:00:01.1234567Z",
    "isOrganizer": True,
    "isCancelled": False,
    "isDraft": False,
    "isAllDay": False,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "onlineMeeting": {"joinUrl": None},
    "organizer": {"emailAddress": {"name": "Ada", "address": "ada@contoso.com"}},
    "attendees": [{"type": "required", "emailAddress": {"name": "Bo", "address": "bo@fabrikam.com"}}],
    "location": {"displayName": "Room 1", "locationType": "conferenceRoom", "locationUri": "room@contoso.com"},
    "locations": [{"displayName": "Room 1", "locationType": "conferenceRoom"}],
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "month": 0, "dayOfMonth": 0},
        "range": {"type": "numbered", "startDate": "2026-11-24", "endDate": "0001-01-01", "numberOfOccurrences": 9},
    },
    "categories": ["Red"],
    "bodyPreview": "see you",
    "body": {"contentType": "text", "content": "see you"},
    "sensitivity": "normal",
    "showAs": "busy",
    "importance": "normal",
}  # fmt: skip
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from places(item, (*path, key))


PLACES = list(places(EVENT))
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(st.characters(exclude_categories=())),
    st.sampled_from([
        "", "9999-12-31T23:59:59.9999999", "0001-01-01T00:00:00Z", "2026-11-24T09:00:00+14:00", "noEnd", "endDate",
        "occurrence", "*", '"strong"', "\ud800", "Etc/GMT+12", "tzone://Microsoft/Custom", "0001-01-01", "1" * 5000,
        "daily", "absoluteMonthly", "relativeYearly", "invalid",
    ]),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.lists(st.one_of(st.none(), st.integers(), st.text(), st.just({})), max_size=3),
    st.dictionaries(st.sampled_from(["emailAddress", "address", "dateTime", "timeZone", "x"]), st.none() | st.text(), max_size=3),
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """Return an event with one to three properties removed or replaced."""
    event = copy.deepcopy(EVENT)
    for path in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        holder: Any = event
        try:
            for key in path[:-1]:
                holder = holder[key]
            if draw(st.booleans()):
                holder[path[-1]] = draw(ODD)
            else:
                del holder[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier mutation removed the property
    return event


POLICY = """
version: 1
internal_domains: [contoso.com]
rules:
  - id: opted-out
    mode: enforce
    when: {any: [{subject: {matches: "no link"}}, {categories: [In person]}, {has_room: true, location: lab}]}
    action: skip
  - id: hours
    mode: enforce
    when: {starts_between: {from: "08:00", to: "18:00", timezone: Europe/Berlin}, duration: {at_most: 4h}, rollout: 50%}
    action: skip
  - {id: external, mode: enforce, when: {external_attendees: {at_least: 1}, starts_in: {at_most: 300d}}}
"""


LOADED = load_policy([RuleFile("rules.yaml", POLICY.encode())])


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_a_mutated_event_is_readable_or_unreadable(event: dict[str, Any]) -> None:
    """A readable one can be decided, and its id fits into a path, a message and a table."""
    try:
        found = parse_event(event, "read the event")
    except UnreadableEvent:
        return

    assert LOADED.policy, LOADED.problems
    decide(found, LOADED.policy, Facts(), NOW)
    assert all(name.encode() for name in (found.id, found.etag, found.master or "") if name)
    assert found.etag in {"", EVENT["@odata.etag"]} or found.etag.startswith('W/"')


@given(mutated() | ODD)
@settings(max_examples=200, deadline=None)
def test_an_unexpected_item_does_not_affect_its_page(odd: object) -> None:
    """The events before and after it are both read."""
    before, after = EVENT | {"id": "before"}, EVENT | {"id": "after"}
    page = parse_calendar_page({"value": [before, odd, after]}, "read the calendar view")
    ids = [event.id for event in page.events]

    assert ids[0] == "before"
    assert ids[-1] == "after"
    assert len(page.events) + len(page.unreadable) == 3


@pytest.mark.parametrize(
    ("properties", "where"),
    [
        pytest.param({"start": None}, "start", id="a null start"),
        pytest.param({"id": None}, "id", id="a null id"),
        pytest.param({"id": ""}, "id", id="an empty id"),
        pytest.param({"id": "a\ud800"}, "id", id="an id that no path can have"),
        pytest.param({"attendees": "bo@fabrikam.com"}, "attendees", id="text for a list"),
        pytest.param({"recurrence": []}, "recurrence", id="a list for an object"),
        pytest.param({"subject": 7}, "subject", id="a number for text"),
        pytest.param({"isOrganizer": "true"}, "isOrganizer", id="text for true"),
        pytest.param({"type": "occurrence"}, "an occurrence without a series", id="an occurrence without a series"),
        pytest.param({"end": {"dateTime": "10000-01-01T00:00:00", "timeZone": "UTC"}}, "can't be read", id="a date beyond the year 9999"),
    ],
)  # fmt: skip
def test_an_event_is_unreadable_where_a_default_is_not_safe(properties: dict[str, Any], where: str) -> None:
    """The error names the place, and leaves out the value."""
    with pytest.raises(UnreadableEvent) as refused:
        parse_event(EVENT | properties, "read the event")

    assert where in str(refused.value)


def test_null_in_a_list_is_dropped_only_where_that_is_safe() -> None:
    """A null category or location is dropped; a null attendee becomes one without an address."""
    event = parse_event(
        EVENT
        | {"categories": [None, "Red"], "locations": [None], "attendees": [None, {"emailAddress": None}]},
        "read the event",
    )

    assert event.categories == ("Red",)
    assert event.attendees == (Attendee(address=""), Attendee(address=""))


@pytest.mark.parametrize("etag", [None, "", "*", '"strong"', 7, 'W/"a"\r\nX: y', 'W/"\ud800"', "W/"])
def test_an_etag_that_is_not_weak_is_ignored(etag: object) -> None:
    """Joinlink decides about the event; no text that could match another version reaches `If-Match`."""
    assert parse_event(EVENT | {"@odata.etag": etag}, "read the event").etag == ""


@pytest.mark.parametrize("page", [{}, {"value": None}, {"value": {}}, {"error": {"code": "x"}}])
def test_an_answer_without_items_is_a_temporary_error(page: dict[str, Any]) -> None:
    """Graph or a proxy has failed."""
    for read in (parse_calendar_page, parse_users, parse_member_addresses, parse_subscriptions):
        with pytest.raises(GraphUnavailable):
            read(page, "c")


def test_no_error_contains_what_people_wrote() -> None:
    """Only places."""
    page = parse_calendar_page({"value": [EVENT | {"subject": ["secret"], "start": "secret"}]}, "c")

    assert "secret" not in json.dumps([page.unreadable[0].detail])
    assert page.unreadable[0].id == EVENT["id"]
