"""Odd bytes in Graph's answers: each item is judged by itself, and nothing but our own errors comes out."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.event import Attendee
from shared.errors import Forbidden, GraphUnavailable, UnreadableEvent
from shared.graph.protocol.calendar_json import parse_calendar_page
from shared.graph.protocol.directory_json import parse_member_addresses, parse_users
from shared.graph.protocol.event_json import parse_event
from shared.graph.protocol.subscription_json import parse_subscription, parse_subscriptions
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
    """Return an event with one to three places removed or filled with something else."""
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
            continue  # an earlier mutation has taken the place away
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
def test_any_mutation_of_an_event_is_an_event_or_unreadable(event: dict[str, Any]) -> None:
    """And what is an event can be judged, and named in a path, a message and a table."""
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
def test_an_odd_item_leaves_the_others_of_its_page_alone(odd: object) -> None:
    """Whatever stands between two events, both are there."""
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
        pytest.param({"id": "a\ud800"}, "id", id="an id that no path can hold"),
        pytest.param({"attendees": "bo@fabrikam.com"}, "attendees", id="text for a list"),
        pytest.param({"recurrence": []}, "recurrence", id="a list for an object"),
        pytest.param({"subject": 7}, "subject", id="a number for text"),
        pytest.param({"isOrganizer": "true"}, "isOrganizer", id="text for true"),
        pytest.param({"type": "occurrence"}, "can't be read", id="an occurrence of no series"),
        pytest.param({"end": {"dateTime": "10000-01-01T00:00:00", "timeZone": "UTC"}}, "can't be read", id="a date beyond the year 9999"),
    ],
)  # fmt: skip
def test_where_a_default_could_hide_something_the_event_is_unreadable(
    properties: dict[str, Any], where: str
) -> None:
    """The error names the place; what stands there stays out of it."""
    with pytest.raises(UnreadableEvent) as refused:
        parse_event(EVENT | properties, "read the event")

    assert where in str(refused.value)


def test_null_in_a_list_is_dropped_where_that_is_safe() -> None:
    """A category and a place say nothing; an attendee is somebody who can't be told, never nobody."""
    event = parse_event(
        EVENT
        | {"categories": [None, "Red"], "locations": [None], "attendees": [None, {"emailAddress": None}]},
        "read the event",
    )

    assert event.categories == ("Red",)
    assert event.attendees == (Attendee(address=""), Attendee(address=""))


@pytest.mark.parametrize("etag", [None, "", "*", '"strong"', 7, 'W/"a"\r\nX: y', 'W/"\ud800"', "W/"])
def test_an_etag_that_is_no_weak_one_is_none(etag: object) -> None:
    """The event can be judged; nothing that could match anything reaches `If-Match`."""
    assert parse_event(EVENT | {"@odata.etag": etag}, "read the event").etag == ""


@pytest.mark.parametrize(
    ("link", "mark"),
    [
        pytest.param(None, "", id="the last page"),
        pytest.param(
            "https://elsewhere.example/v1.0/me?$skip=100&a=b", "$skip=100&a=b", id="the query alone"
        ),
    ],
)
def test_a_page_link_gives_its_query(link: str | None, mark: str) -> None:
    """Path and host are ours: a token goes nowhere else."""
    assert parse_calendar_page({"value": [], "@odata.nextLink": link}, "c").cursor == mark


@pytest.mark.parametrize(
    "link", [7, ["x"], "https://[", "https://x.example/no-query", "https://x?" + "a" * 9000]
)
def test_a_page_link_that_cant_be_followed_ends_no_calendar(link: object) -> None:
    """The rest of the calendar is not taken for nothing: it is tried again."""
    with pytest.raises(GraphUnavailable):
        parse_calendar_page({"value": [], "@odata.nextLink": link}, "c")


@pytest.mark.parametrize("page", [{}, {"value": None}, {"value": {}}, {"error": {"code": "x"}}])
def test_what_is_no_page_is_tried_again(page: dict[str, Any]) -> None:
    """A stumble of Graph or of a proxy, not a fact."""
    for read in (parse_calendar_page, parse_users, parse_member_addresses, parse_subscriptions):
        with pytest.raises(GraphUnavailable):
            read(page, "c")


def test_an_odd_user_costs_nobody_else_the_scope() -> None:
    """What is not told speaks against nobody; who can't be named at all is named as such."""
    users = parse_users(
        {"value": [None, {"id": "A1", "mail": 7, "userPrincipalName": "a@x"}, {"id": "B2"}, {"mail": "c@x"}]},
        "c",
    )

    assert [(user.id, user.no_calendar) for user in users] == [
        ("", None),
        ("a1", None),
        ("b2", None),
        ("", None),
    ]


def test_an_odd_member_costs_the_others_nothing() -> None:
    """But a member whose addresses are not told makes the group unknown, which protects."""
    page = {"value": [None, {"id": "a", "mail": "a@x", "proxyAddresses": [None, "smtp:b@x", 7]}]}

    assert parse_member_addresses(page, "c") == {"a@x", "b@x"}
    with pytest.raises(Forbidden):
        parse_member_addresses({"value": [*page["value"], {"id": "b", "mail": 7}]}, "c")


def test_an_odd_subscription_costs_the_others_nothing() -> None:
    """One by itself is tried again: if Graph has just created it, the next try finds it."""
    good = {"id": "s", "resource": "users/a/events", "expirationDateTime": "2026-11-30T04:00:00Z"}

    assert [one.id for one in parse_subscriptions({"value": [None, {"id": "x"}, good, 7]}, "c")] == ["s"]
    with pytest.raises(GraphUnavailable):
        parse_subscription({"id": None}, "create the subscription")


def test_no_error_holds_what_people_wrote() -> None:
    """Places alone."""
    page = parse_calendar_page({"value": [EVENT | {"subject": ["secret"], "start": "secret"}]}, "c")

    assert "secret" not in json.dumps([page.unreadable[0].detail])
    assert page.unreadable[0].id == EVENT["id"]
