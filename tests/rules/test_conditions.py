from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.event import Attendee, Location
from shared.rules.catalogue import CATALOGUE
from shared.rules.conditions import Condition
from shared.rules.domains import Domains
from shared.rules.event_facts import EventFacts
from shared.rules.reader import Reader
from shared.rules.yaml_nodes import Mapping, read_yaml

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
INTERNAL = Domains(["contoso.com", "*.contoso.org"])


def people(*addresses: str) -> dict[str, Any]:
    return {"attendees": tuple(Attendee(address=address) for address in addresses)}


def place(name: str, kind: str = "default") -> dict[str, Any]:
    return {"locations": (Location(display_name=name, type=kind),)}


ROOM = Attendee(address="room@contoso.com", type="resource")
LEGACY = "/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=bo"

ROWS = [
    pytest.param("attendees: 0", {"attendees": ()}, True, id="nobody is invited"),
    pytest.param("attendees: 2", people("a@x.com", "b@x.com"), True, id="a number means exactly"),
    pytest.param("attendees: 1", people("a@x.com", "b@x.com"), False, id="a number means no more"),
    pytest.param("attendees: {at_least: 2}", people("a@x.com", "b@x.com"), True, id="the lower bound is included"),
    pytest.param("attendees: {at_most: 2}", people("a@x.com", "b@x.com"), True, id="the upper bound is included"),
    pytest.param("attendees: {at_least: 1, at_most: 2}", people("a@x.com", "b@x.com", "c@x.com"), False, id="above the upper bound"),
    pytest.param("attendees: 1", {"attendees": (Attendee(address="a@x.com"), ROOM)}, True, id="rooms are no people"),
    pytest.param("attendees: 1", people("AL@contoso.com", "bo@contoso.com"), True, id="the organizer is not counted"),
    pytest.param("attendees: 1", people("bo@x.com", "BO@X.com"), True, id="an address counts once"),
    pytest.param("attendees: 3", people("", "", "bo@x.com"), True, id="people without address are people"),
    pytest.param("attendees: 1", {"attendees": (Attendee(address="bo@x.com", type="optional"),)}, True, id="optional people are people"),
    pytest.param("external_attendees: 0", {"attendees": ()}, True, id="nobody is external"),
    pytest.param("external_attendees: 1", people("bo@fabrikam.com", "cy@contoso.com"), True, id="by domain"),
    pytest.param("external_attendees: 0", people("cy@CONTOSO.com"), True, id="domains are case-blind"),
    pytest.param("external_attendees: 1", people("cy@eu.contoso.com"), True, id="an exact domain has no subdomains"),
    pytest.param("external_attendees: 0", people("cy@eu.contoso.org"), True, id="a star stands for subdomains"),
    pytest.param("external_attendees: 1", people("cy@contoso.org"), True, id="a star does not stand for the domain itself"),
    pytest.param("external_attendees: 1", people("cy@evilcontoso.org"), True, id="a star stands behind a dot"),
    pytest.param("external_attendees: 1", people("bo_fabrikam.com#EXT#@contoso.com"), True, id="a guest of the tenant"),
    pytest.param("external_attendees: 0", {"attendees": (Attendee(address="room@fabrikam.com", type="resource"),)}, True, id="a room is not external"),
    pytest.param("external_attendees: 0", {**people("al@fabrikam.com"), "organizer": "al@fabrikam.com"}, True, id="nor is the organizer"),
    pytest.param("external_attendees: {at_least: 1}", people(LEGACY), None, id="a legacy address can't be told"),
    pytest.param("external_attendees: {at_least: 1}", people(""), None, id="nor can an empty one"),
    pytest.param("external_attendees: {at_least: 1}", people("", "bo@fabrikam.com"), True, id="one known is enough"),
    pytest.param("external_attendees: {at_least: 3}", people("", "bo@fabrikam.com"), False, id="too few, whoever it is"),
    pytest.param("external_attendees: {at_most: 1}", people("", "bo@fabrikam.com"), None, id="the bound lies between"),
    pytest.param("external_attendees: 0", people("", "bo@fabrikam.com"), False, id="one is known"),
    pytest.param("subject: REVIEW", {"subject": "Our review, again"}, True, id="a text is contained, case-blind"),
    pytest.param("subject: preview", {"subject": "review"}, False, id="not contained"),
    pytest.param("subject: [x, review]", {"subject": "review"}, True, id="any of a list"),
    pytest.param("subject: {contains: [x, review]}", {"subject": "review"}, True, id="any of an operator's list"),
    pytest.param("subject: {starts_with: re}", {"subject": "Review"}, True, id="starts with"),
    pytest.param("subject: {starts_with: view}", {"subject": "Review"}, False, id="does not start with"),
    pytest.param("subject: {equals: review}", {"subject": "Review"}, True, id="equals"),
    pytest.param("subject: {equals: review}", {"subject": "Review!"}, False, id="does not equal"),
    pytest.param("subject: {starts_with: re, contains: w}", {"subject": "Review"}, True, id="all keys hold"),
    pytest.param("subject: {starts_with: re, contains: z}", {"subject": "Review"}, False, id="one key fails"),
    pytest.param("subject: [{equals: x}, {starts_with: re}]", {"subject": "Review"}, True, id="a list of blocks"),
    pytest.param(r"subject: {matches: '^\[\w+\]'}", {"subject": "[Sales] review"}, True, id="a pattern"),
    pytest.param("subject: {matches: 'SALES|HR'}", {"subject": "hr review"}, True, id="a pattern is case-blind"),
    pytest.param("subject: {matches: '^view'}", {"subject": "review"}, False, id="a pattern that fails"),
    pytest.param("subject: {matches: '.'}", {"subject": "\ud83d"}, True, id="half an emoji does not break a pattern"),
    pytest.param("subject: STRASSE", {"subject": "Straße"}, True, id="letters are folded"),
    pytest.param("subject: Präsenz", {"subject": "In Pra\u0308senz"}, True, id="accents are composed"),
    pytest.param("location: berlin", place("HQ Berlin"), True, id="a place"),
    pytest.param("location: berlin", {}, False, id="no place"),
    pytest.param("categories: [In person]", {"categories": ("Red", "in PERSON")}, True, id="a category, case-blind"),
    pytest.param("categories: [In person]", {"categories": ("In person only",)}, False, id="a category is whole"),
    pytest.param("categories: x", {}, False, id="no categories"),
    pytest.param("sensitivity: [private, confidential]", {"sensitivity": "private"}, True, id="private"),
    pytest.param("sensitivity: [private, confidential]", {}, False, id="normal"),
    pytest.param("show_as: oof", {"show_as": "oof"}, True, id="shown as away"),
    pytest.param("show_as: workingelsewhere", {"show_as": "workingElsewhere"}, True, id="Graph's spelling is not needed"),
    pytest.param("importance: high", {"importance": "low"}, False, id="not important"),
    pytest.param("type: seriesMaster", {"type": "seriesMaster"}, True, id="a series"),
    pytest.param("has_location: false", {}, True, id="no location"),
    pytest.param("has_location: true", place("HQ"), True, id="a location"),
    pytest.param("has_room: true", {"attendees": (ROOM,)}, True, id="a room is invited"),
    pytest.param("has_room: true", place("4.11", "conferenceRoom"), True, id="a room is chosen"),
    pytest.param("has_room: false", place("HQ"), True, id="a place is no room"),
    pytest.param("has_other_join_link: true", place("https://zoom.us/j/1"), True, id="a link is there"),
    pytest.param("is_all_day: true", {"is_all_day": True}, True, id="all day"),
    pytest.param("is_all_day: false", {"is_all_day": True}, False, id="not all day"),
    pytest.param("is_recurring: true", {"type": "seriesMaster"}, True, id="recurring"),
    pytest.param("is_recurring: true", {}, False, id="not recurring"),
    pytest.param("duration: {at_most: 60m}", {}, True, id="the longest time is included"),
    pytest.param("duration: {at_least: 3600s}", {}, True, id="the shortest time is included"),
    pytest.param("duration: {at_most: 59m}", {}, False, id="too long"),
    pytest.param("duration: {at_least: 1d}", {}, False, id="too short"),
    pytest.param("starts_in: {at_least: 24h, at_most: 1d}", {}, True, id="starts tomorrow"),
    pytest.param("starts_in: {at_least: 0s}", {"start": NOW - HOUR}, False, id="has begun"),
]  # fmt: skip


def read(text: str) -> Condition:
    """Return the condition of one line, read by its row of the catalogue."""
    root, mistakes = read_yaml(text.encode())
    assert isinstance(root, Mapping)
    reader = Reader("x.yaml", [])
    name, node = root.entries[0]
    condition = CATALOGUE[name.text].read(node, reader)
    assert condition is not None, (mistakes, reader.problems)
    return condition


@pytest.mark.parametrize(("text", "changes", "expected"), ROWS)
def test_a_condition_holds_fails_or_is_open(
    text: str, changes: dict[str, Any], expected: bool | None, make_event: Any
) -> None:
    """Each row is one promise of the rule language."""
    facts = EventFacts(make_event(**changes), internal=INTERNAL, now=NOW)

    assert read(text).holds(facts) is expected


def test_every_condition_has_a_row_here() -> None:
    """A condition that is added to the catalogue is shown at work above."""
    assert set(CATALOGUE) == {str(row.values[0]).partition(":")[0] for row in ROWS}


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_example_of_a_condition_is_one(name: str) -> None:
    """The catalogue's examples, which the docs show, can be copied into a rule."""
    condition = read(CATALOGUE[name].example)

    assert condition.name == name
    assert CATALOGUE[name].description.endswith(".")


@pytest.mark.parametrize(
    ("text", "changes", "expected", "actual"),
    [
        pytest.param("attendees: {at_least: 2}", {}, "at least 2", "1", id="number"),
        pytest.param("external_attendees: 3", people("", "b@x.com"), "3", "1 to 2, some can't be told", id="open number"),
        pytest.param('subject: ["a b", {starts_with: [c, d], matches: e}]', {}, 'contains "a b" or starts with "c" or "d" and matches "e"', '"Review"', id="text"),
        pytest.param("location: x", {}, 'contains "x"', "none", id="no text"),
        pytest.param("sensitivity: [private, Normal]", {}, "private, normal", "normal", id="names"),
        pytest.param("categories: x", {}, "x", "none", id="no names"),
        pytest.param("has_room: false", {}, "false", "false", id="flag"),
        pytest.param("duration: {at_least: 90m, at_most: 48h}", {}, "at least 90m, at most 2d", "1h", id="duration"),
    ],
)  # fmt: skip
def test_a_condition_tells_what_it_expects_and_what_it_sees(
    text: str, changes: dict[str, Any], expected: str, actual: str, make_event: Any
) -> None:
    """`explain` shows both side by side."""
    condition = read(text)
    facts = EventFacts(make_event(**changes), internal=INTERNAL, now=NOW)

    assert (condition.expected, condition.actual(facts)) == (expected, actual)


LEAF = {True: "{attendees: 1}", False: "{attendees: 2}", None: "{external_attendees: 1}"}


@pytest.mark.parametrize("first", [True, False, None])
@pytest.mark.parametrize("second", [True, False, None])
def test_conditions_join_by_kleenes_tables(
    first: bool | None, second: bool | None, make_event: Any, make_policy: Any
) -> None:
    """What is open stays open only where it could make the difference."""
    facts = EventFacts(make_event(), internal=None, now=NOW)
    order = [False, None, True]
    smaller, larger = sorted((first, second), key=order.index)
    pair = f"[{LEAF[first]}, {LEAF[second]}]"
    truths = [
        make_policy(f"  - {{id: a, when: {{{join}}}}}").rule("a").when.holds(facts)
        for join in (f"all: {pair}", f"any: {pair}", f"not: {LEAF[first]}")
    ]

    assert truths == [smaller, larger, None if first is None else not first]


def test_a_rule_keeps_its_conditions_as_a_tree(make_policy: Any) -> None:
    """`explain` walks the very objects that decide."""
    when = make_policy("  - {id: a, when: {has_room: true, not: {any: [{subject: x}]}}}").rule("a").when

    assert [child.name for child in when.children] == ["has_room", "not"]
    assert when.children[1].children[0].children[0].children[0].children[0].name == "subject"
