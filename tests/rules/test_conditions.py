from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.event import Attendee, Location
from shared.domain.mail_domains import Domains
from shared.rule_files.reading.named_lists import Lists, NamedList
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.session import Session
from shared.rule_files.vocabulary.catalogue import CATALOGUE
from shared.rule_files.yaml_tree.nodes import MappingNode
from shared.rule_files.yaml_tree.parser import read_yaml
from shared.rules.conditions import Condition
from shared.rules.event.event_facts import EventFacts

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
INTERNAL = Domains(["contoso.com", "*.contoso.org"])


def people(*addresses: str) -> dict[str, Any]:
    return {"attendees": tuple(Attendee(address=address) for address in addresses)}


def place(name: str, kind: str = "default") -> dict[str, Any]:
    return {"locations": (Location(display_name=name, type=kind),)}


ROOM = Attendee(address="room@contoso.com", type="resource")
SALES = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
OTHER = "00000000-0000-0000-0000-000000000000"
LEGACY = "/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=bo"

ROWS = [
    pytest.param("attendees: 0", {"attendees": ()}, True, id="no one is invited"),
    pytest.param("attendees: 2", people("a@x.com", "b@x.com"), True, id="a number means exactly"),
    pytest.param("attendees: 1", people("a@x.com", "b@x.com"), False, id="a number means no more"),
    pytest.param("attendees: {at_least: 2}", people("a@x.com", "b@x.com"), True, id="the lower bound is included"),
    pytest.param("attendees: {at_most: 2}", people("a@x.com", "b@x.com"), True, id="the upper bound is included"),
    pytest.param("attendees: {at_least: 1, at_most: 2}", people("a@x.com", "b@x.com", "c@x.com"), False, id="above the upper bound"),
    pytest.param("attendees: 1", {"attendees": (Attendee(address="a@x.com"), ROOM)}, True, id="rooms are not people"),
    pytest.param("attendees: 1", people("AL@contoso.com", "bo@contoso.com"), True, id="the organizer is not counted"),
    pytest.param("attendees: 1", people("bo@x.com", "BO@X.com"), True, id="an address counts once"),
    pytest.param("attendees: 3", people("", "", "bo@x.com"), True, id="people without an address count"),
    pytest.param("attendees: 1", {"attendees": (Attendee(address="bo@x.com", type="optional"),)}, True, id="optional people count"),
    pytest.param("external_attendees: 0", {"attendees": ()}, True, id="no one is external"),
    pytest.param("external_attendees: 1", people("bo@fabrikam.com", "cy@contoso.com"), True, id="by domain"),
    pytest.param("external_attendees: 0", people("cy@CONTOSO.com"), True, id="case in domains does not matter"),
    pytest.param("external_attendees: 1", people("cy@eu.contoso.com"), True, id="an exact domain has no subdomains"),
    pytest.param("external_attendees: 0", people("cy@eu.contoso.org"), True, id="a star means subdomains"),
    pytest.param("external_attendees: 1", people("cy@contoso.org"), True, id="a star does not mean the domain itself"),
    pytest.param("external_attendees: 1", people("cy@evilcontoso.org"), True, id="a star needs a dot before the domain"),
    pytest.param("external_attendees: 1", people("bo_fabrikam.com#EXT#@contoso.com"), True, id="a guest of the tenant"),
    pytest.param("external_attendees: 1", people("cy_contoso.com#EXT#@contoso.onmicrosoft.com"), False, id="a guest whose own domain is ours"),
    pytest.param("external_attendees: 2", people("cy#EXT#@contoso.com", "_#EXT#@contoso.com"), True, id="guests whose own domain is unknown"),
    pytest.param("external_attendees: 0", {"attendees": (Attendee(address="room@contoso.com", type="resource"),)}, True, id="a room of ours is not external"),
    pytest.param("external_attendees: 0", {"attendees": (Attendee(address="bo@fabrikam.com", type="resource"),)}, None, id="a foreign resource may be a guest in blind copy"),
    pytest.param("external_attendees: 0", {**people("al@fabrikam.com"), "organizer": "al@fabrikam.com"}, True, id="the organizer is not external"),
    pytest.param("external_attendees: {at_least: 1}", people(LEGACY), None, id="a legacy address is unknown"),
    pytest.param("external_attendees: {at_least: 1}", people(""), None, id="an empty address is unknown"),
    pytest.param("external_attendees: {at_least: 1}", people("", "bo@fabrikam.com"), True, id="one known address is enough"),
    pytest.param("external_attendees: {at_least: 3}", people("", "bo@fabrikam.com"), False, id="too few in any case"),
    pytest.param("external_attendees: {at_most: 1}", people("", "bo@fabrikam.com"), None, id="the bound is between"),
    pytest.param("external_attendees: 0", people("", "bo@fabrikam.com"), False, id="one known address is too many"),
    pytest.param("subject: REVIEW", {"subject": "Our review, again"}, True, id="a text is contained in any case"),
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
    pytest.param("subject: {matches: 'SALES|HR'}", {"subject": "hr review"}, True, id="case in a pattern does not matter"),
    pytest.param("subject: {matches: '^view'}", {"subject": "review"}, False, id="a pattern that fails"),
    pytest.param("subject: {matches: '.'}", {"subject": "\ud83d"}, True, id="half an emoji does not break a pattern"),
    pytest.param("subject: STRASSE", {"subject": "Straße"}, True, id="letters are folded"),
    pytest.param("subject: Präsenz", {"subject": "In Pra\u0308senz"}, True, id="accents are composed"),
    pytest.param("location: berlin", place("HQ Berlin"), True, id="a place"),
    pytest.param("location: berlin", {}, False, id="no place"),
    pytest.param("attendee: {address_in: BO@x.com}", people("al2@x.com", "bo@X.com"), True, id="a person by address"),
    pytest.param("attendee: {address_in: [bo@x.com]}", people("cy@x.com"), False, id="another person"),
    pytest.param("attendee: {address_in: bo@x.com}", people("cy@x.com", LEGACY), None, id="a legacy address may belong to anyone"),
    pytest.param("attendee: {address_in: room@contoso.com}", {"attendees": (ROOM,)}, None, id="a resource may be a person in blind copy"),
    pytest.param("attendee: {address_in: room@contoso.com}", {"attendees": (ROOM,), "locations": (Location(display_name="4.11", type="conferenceRoom", uri="room@contoso.com"),)}, False, id="a room is not a person"),
    pytest.param("attendee: {address_in: al@contoso.com}", people("al@contoso.com"), False, id="the organizer is not invited"),
    pytest.param("attendee: {address_in: bo@fabrikam.com}", people("bo_fabrikam.com#EXT#@contoso.com"), True, id="a guest by their own address"),
    pytest.param("attendee: {address_in: partners}", people("di@northwind.com"), True, id="addresses of a list"),
    pytest.param("attendee: {domain_in: partners}", people("bo@fabrikam.com"), True, id="domains of a list"),
    pytest.param("attendee: {domain_in: [partners, x.com]}", people("bo@x.com"), True, id="a domain and a list"),
    pytest.param("attendee: {domain_in: '*.x.com'}", people("bo@eu.x.com"), True, id="a subdomain of a person"),
    pytest.param("attendee: {domain_in: x.com}", people("bo@eu.x.com"), False, id="a domain is exact"),
    pytest.param("attendee: {domain_in: fabrikam.com}", people("bo_fabrikam.com#EXT#@contoso.com"), True, id="a guest's own domain"),
    pytest.param("attendee: {domain_in: x.com}", people(""), None, id="a person without an address"),
    pytest.param("attendee: {domain_in: x.com, address_in: bo@y.com}", people("cy@x.com", "bo@y.com"), False, id="one person must meet all keys"),
    pytest.param(f"attendee: {{member_of: {SALES}}}", people("Bo@x.com"), True, id="in a group"),
    pytest.param(f"attendee: {{member_of: {SALES}}}", people("cy@x.com"), False, id="not in a group"),
    pytest.param(f"attendee: {{member_of: {OTHER}}}", people("bo@x.com"), None, id="a group that is not known"),
    pytest.param(f"attendee: {{member_of: [{OTHER}, {SALES}]}}", people("bo@x.com"), True, id="one known group is enough"),
    pytest.param(f"attendee: {{member_of: {OTHER}, domain_in: y.com}}", people("bo@x.com"), False, id="a person who fails another key needs no group"),
    pytest.param("attendee: {domain_in: x.com}", {"attendees": ()}, False, id="no one is invited"),
    pytest.param("organizer: {address_in: al@contoso.com}", {}, True, id="the organizer by address"),
    pytest.param("organizer: {domain_in: fabrikam.com}", {}, False, id="the organizer's domain"),
    pytest.param(f"organizer: {{member_of: {SALES.upper()}}}", {"organizer": "BO@x.com"}, True, id="the organizer's group"),
    pytest.param("organizer: {domain_in: contoso.com}", {"organizer": ""}, None, id="an event without organizer"),
    pytest.param("categories: [In person]", {"categories": ("Red", "in PERSON")}, True, id="a category in any case"),
    pytest.param("categories: [In person]", {"categories": ("In person only",)}, False, id="a category must be the whole name"),
    pytest.param("categories: x", {}, False, id="no categories"),
    pytest.param("sensitivity: [private, confidential]", {"sensitivity": "private"}, True, id="private"),
    pytest.param("sensitivity: [private, confidential]", {}, False, id="normal"),
    pytest.param("show_as: oof", {"show_as": "oof"}, True, id="shown as away"),
    pytest.param("show_as: workingelsewhere", {"show_as": "workingElsewhere"}, True, id="case of a known name does not matter"),
    pytest.param("importance: high", {"importance": "low"}, False, id="not important"),
    pytest.param("type: seriesMaster", {"type": "seriesMaster"}, True, id="a series"),
    pytest.param("has_location: false", {}, True, id="no location"),
    pytest.param("has_location: true", place("HQ"), True, id="a location"),
    pytest.param("has_room: true", {"attendees": (ROOM,)}, True, id="a room is invited"),
    pytest.param("has_room: true", place("4.11", "conferenceRoom"), True, id="a room is chosen"),
    pytest.param("has_room: false", place("HQ"), True, id="a place is not a room"),
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
    pytest.param("starts_in: {at_least: 0s}", {"start": NOW - HOUR}, False, id="it has started"),
    pytest.param("starts_between: {from: '14:00', to: '15:00', timezone: Europe/Berlin}", {}, True, id="the opening time is included"),
    pytest.param("starts_between: {from: '13:00', to: '14:00', timezone: Europe/Berlin}", {}, False, id="the closing time is not"),
    pytest.param("starts_between: {from: 14:00, to: 15:00, timezone: W. Europe Standard Time}", {}, True, id="a zone by its Windows name, times without quotes"),
    pytest.param("starts_between: {from: 8:00, timezone: Europe/Berlin}", {}, True, id="until midnight"),
    pytest.param("starts_between: {to: 24:00, timezone: Europe/Berlin}", {}, True, id="midnight as the end of a day"),
    pytest.param("starts_between: {days: [tue], timezone: UTC}", {}, True, id="a day of the week"),
    pytest.param("starts_between: {days: [monday, Wed], timezone: UTC}", {}, False, id="other days"),
    pytest.param("starts_between: {days: wed, timezone: Pacific/Auckland}", {}, True, id="the day is that of the zone"),
    pytest.param("location: {starts_with: Room, contains: Berlin}", {"locations": (Location(display_name="Room 5"), Location(display_name="Berlin"))}, False, id="one place must meet all keys"),
    pytest.param("location: {starts_with: Room, contains: Berlin}", {"locations": (Location(display_name="Hall"), Location(display_name="Room, Berlin"))}, True, id="one of the places meets all keys"),
    pytest.param("subject: {matches: '^caf\u00e9$'}", {"subject": "cafe\u0301"}, True, id="accents in the text are composed"),
    pytest.param("subject: {matches: '^cafe\u0301$'}", {"subject": "caf\u00e9"}, True, id="accents in the pattern are composed"),
    pytest.param("starts_between: {from: '22:00', to: '06:00', timezone: UTC}", {"start": datetime(2026, 6, 2, 23, tzinfo=UTC)}, True, id="before midnight"),
    pytest.param("starts_between: {from: '22:00', to: '06:00', days: mon, timezone: UTC}", {"start": datetime(2026, 6, 2, 5, tzinfo=UTC)}, True, id="after midnight the window belongs to the day before"),
    pytest.param("starts_between: {from: '22:00', to: '06:00', days: tue, timezone: UTC}", {"start": datetime(2026, 6, 2, 5, tzinfo=UTC)}, False, id="the window of this day has not begun"),
    pytest.param("starts_between: {from: '22:00', to: '06:00', timezone: UTC}", {}, False, id="at noon"),
    pytest.param("starts_between: {from: '09:00', timezone: Europe/Berlin}", {"is_all_day": True, "start": datetime(2026, 6, 2, tzinfo=UTC)}, False, id="a whole day begins at midnight"),
    pytest.param("starts_between: {days: tue, timezone: America/Los_Angeles}", {"is_all_day": True, "start": datetime(2026, 6, 2, tzinfo=UTC)}, True, id="a whole day is the same day everywhere"),
    pytest.param("starts_between: {days: mon, timezone: Asia/Tokyo}", {"start": datetime(9999, 12, 31, 23, tzinfo=UTC)}, None, id="beyond the calendar"),
    pytest.param("starts_on: {dates: [2026-06-02], timezone: UTC}", {}, True, id="a date"),
    pytest.param("rollout: 100%", {}, True, id="every organizer"),
    pytest.param("rollout: 0.001%", {}, False, id="almost no organizer"),
    pytest.param("rollout: 50%", {"organizer": ""}, None, id="an event without an organizer"),
]  # fmt: skip


def read(text: str) -> Condition:
    """Return the condition of one line, read by its row of the catalogue."""
    root, mistakes = read_yaml(text.encode())
    assert isinstance(root, MappingNode)
    lists = Lists({"partners": NamedList(("fabrikam.com", "di@northwind.com"))})
    reader = NodeReader("x.yaml", Session(lists))
    [(key, node)] = root.entries
    condition = CATALOGUE[key.text].read(key, node, reader)
    assert condition is not None, (mistakes, reader.session.problems())
    return condition


@pytest.mark.parametrize(("text", "changes", "expected"), ROWS)
def test_a_condition_holds_fails_or_is_unknown(
    text: str, changes: dict[str, Any], expected: bool | None, make_event: Any
) -> None:
    """Each row is one promise of the rule language."""
    facts = EventFacts(
        make_event(**changes), internal=INTERNAL, now=NOW, members={SALES: frozenset({"bo@x.com"})}
    )

    assert read(text).holds(facts) is expected


def test_every_condition_has_a_row_here() -> None:
    """So each condition of the catalogue is tested above."""
    assert set(CATALOGUE) == {str(row.values[0]).partition(":")[0] for row in ROWS}


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_example_of_a_condition_is_valid(name: str) -> None:
    """The docs show it, and people copy it into a rule."""
    condition = read(CATALOGUE[name].example)

    assert condition.name == name
    assert CATALOGUE[name].description.endswith(".")


@pytest.mark.parametrize(
    ("text", "changes", "expected", "actual"),
    [
        pytest.param("attendees: {at_least: 2}", {}, "at least 2", "1", id="number"),
        pytest.param("external_attendees: 3", people("", "b@x.com"), "3", "1 to 2, some are unknown", id="number, partly unknown"),
        pytest.param('subject: ["a b", {starts_with: [c, d], matches: e}]', {}, 'contains "a b" or starts with "c" or "d" and matches "e"', '"Review"', id="text"),
        pytest.param("location: x", {}, 'contains "x"', "none", id="no text"),
        pytest.param("sensitivity: [private, Normal]", {}, "private, normal", "normal", id="names"),
        pytest.param("categories: x", {}, "x", "none", id="no names"),
        pytest.param("has_room: false", {}, "false", "false", id="flag"),
        pytest.param("attendee: {domain_in: [partners, x.com], address_in: [bo@x.com]}", {}, "domain in partners, x.com and address in bo@x.com", "bo@fabrikam.com", id="people"),
        pytest.param("attendee: {domain_in: x.com}", {"attendees": ()}, "domain in x.com", "no one", id="no people"),
        pytest.param("attendee: {domain_in: x.com}", people("", *(f"a{number}@x.com" for number in range(7))), "domain in x.com", "a0@x.com, a1@x.com, a2@x.com, a3@x.com, a4@x.com and 3 more", id="many people"),
        pytest.param("starts_between: {from: 08:00, days: [mon, tue], timezone: Europe/Berlin}", {}, "from 08:00, days mon, tue, timezone Europe/Berlin", "Tue 2026-06-02 14:00", id="time of day"),
        pytest.param("starts_on: {dates: [2026-06-02, 12-24..01-06], timezone: organizer}", {"original_zone": "Asia/Tokyo"}, "2026-06-02, 12-24..01-06 in the organizer's time zone", "Tue 2026-06-02 21:00 in Asia/Tokyo", id="dates"),
        pytest.param("starts_on: {dates: 2026-06-02, timezone: organizer}", {"original_zone": "Mars"}, "2026-06-02 in the organizer's time zone", "Tue 2026-06-02 12:00 UTC, the organizer's time zone \"Mars\" is not known", id="dates in an unknown zone"),
        pytest.param("rollout: 25%", {}, "the first 25% of organizers", "al@contoso.com is at 75.6%", id="rollout"),
        pytest.param("duration: {at_least: 90m, at_most: 48h}", {}, "at least 90m, at most 2d", "1h", id="duration"),
    ],
)  # fmt: skip
def test_a_condition_shows_the_expected_and_the_actual_value(
    text: str, changes: dict[str, Any], expected: str, actual: str, make_event: Any
) -> None:
    """`explain` shows both."""
    condition = read(text)
    facts = EventFacts(make_event(**changes), internal=INTERNAL, now=NOW)

    assert (condition.expected, condition.actual(facts)) == (expected, actual)


def test_a_rollout_grows_without_dropping_an_organizer(make_event: Any, make_policy: Any) -> None:
    """An organizer within 25% is within 50%, too, and the shares have about the right size."""
    policies = [make_policy(f"  - {{id: pilot, when: {{rollout: {share}%}}}}") for share in (25, 50)]
    organizers = [f"person{number}@contoso.com" for number in range(2000)]
    seen = [EventFacts(make_event(organizer=name), internal=None, now=NOW) for name in organizers]
    quarter, half = (
        {facts.event.organizer for facts in seen if policy.rule("pilot").matches(facts)}
        for policy in policies
    )

    assert quarter < half
    assert (len(quarter), len(half)) == pytest.approx((500, 1000), abs=100)


def test_each_rule_draws_its_own_organizers(make_event: Any, make_policy: Any) -> None:
    """So no organizer is always among the first; the case of an address does not matter."""
    policy = make_policy("  - {id: a, when: {rollout: 50%}}\n  - {id: b, when: {rollout: 50%}}")
    facts = [EventFacts(make_event(organizer=f"P{n}@x.com"), internal=None, now=NOW) for n in range(200)]
    lower = [EventFacts(make_event(organizer=f"p{n}@X.com"), internal=None, now=NOW) for n in range(200)]
    drawn = [[policy.rule(rule).matches(one) for one in facts] for rule in "ab"]

    assert drawn[0] != drawn[1]
    assert drawn[0] == [policy.rule("a").matches(one) for one in lower]


def test_a_policy_names_the_groups_that_it_needs(make_policy: Any) -> None:
    """Their members are read before the decision; a group may be in `when` or in `unless`."""
    policy = make_policy(
        f"  - {{id: a, when: {{any: [{{organizer: {{member_of: {SALES.upper()}}}}}, {{has_room: true}}]}}}}\n"
        f"  - {{id: b, when: {{}}, unless: {{not: {{attendee: {{member_of: [{OTHER}]}}}}}}}}"
    )

    assert policy.groups == {SALES, OTHER}


LEAF = {True: "{attendees: 1}", False: "{subject: nothing}", None: "{external_attendees: 1}"}


@pytest.mark.parametrize("first", [True, False, None])
@pytest.mark.parametrize("second", [True, False, None])
def test_joins_follow_kleenes_tables(
    first: bool | None, second: bool | None, make_event: Any, make_policy: Any
) -> None:
    """A join is unknown only if the unknown condition could change the result."""
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
    """`explain` shows the same objects that decide."""
    when = make_policy("  - {id: a, when: {has_room: true, not: {any: [{subject: x}]}}}").rule("a").when

    assert [child.name for child in when.children] == ["has_room", "not"]
    assert when.children[1].children[0].children[0].name == "subject"
