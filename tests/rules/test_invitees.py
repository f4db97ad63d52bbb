"""What the lines of an invitation count as, with events in Graph's JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.graph.protocol.event_json import parse_event
from shared.rules.decide import decide
from shared.rules.facts import Facts
from tests.rules.conftest import NOW

DATA = Path(__file__).parent / "data" / "people"
GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
EXTERNAL = "- {id: external, mode: enforce, when: {external_attendees: {at_least: 1}}}"
PROTECT = """
- {id: opted-out, mode: enforce, when: {subject: "[no link]"}, action: skip}
- {id: ceo, mode: enforce, when: {attendee: {address_in: ceo@contoso.com}}, action: skip}
- {id: others, mode: enforce, when: {attendees: {at_least: 1}}}
"""
ROOMS = "- {id: no-room, mode: enforce, when: {attendees: {at_least: 2}}, unless: {has_room: true}}"
NO_ROOM = (
    "- {id: no-room, mode: enforce, when: {external_attendees: {at_least: 1}}, unless: {has_room: true}}"
)
ONE_TO_ONE = "- {id: one-to-one, mode: enforce, when: {attendees: {at_most: 1}}}"
TWO = "- {id: two, mode: enforce, when: {attendees: {at_least: 2}}}"
BOARD = f"""
- {{id: board, mode: enforce, when: {{attendee: {{member_of: {GROUP}}}}}, action: skip}}
{EXTERNAL}
"""
MEMBERS = Facts(
    members={GROUP: frozenset({"ceo@contoso.com", "board@contoso.com"})},
    lists=frozenset({"board@contoso.com", "leadership@contoso.com"}),
)


def decided(event: dict[str, Any], rules: str, make_policy: Any, facts: Facts | None = None) -> str:
    policy = make_policy(f"internal_domains: [contoso.com]\nrules:\n{rules}")
    whole = {"body": {"contentType": "text", "content": ""}, **event}
    return str(decide(parse_event(whole, "c"), policy, facts or Facts(), NOW).reason)


def line(address: str, kind: str = "required", response: str = "none", name: str = "X") -> dict[str, Any]:
    return {
        "type": kind,
        "status": {"response": response},
        "emailAddress": {"name": name, "address": address},
    }


def meeting(*attendees: dict[str, Any], **changes: Any) -> dict[str, Any]:
    plain = json.loads((DATA / "address-in-quotes.json").read_text())
    return {**plain, "attendees": list(attendees), **changes}


def place(name: str, kind: str = "default", **more: str) -> dict[str, Any]:
    shown = {"displayName": name, "locationType": kind, "uniqueIdType": "unknown", **more}
    return {"location": shown, "locations": [shown]}


CASES = [
    pytest.param("address-in-quotes", EXTERNAL, "no_rule_matched", id="a colleague in quotes is a colleague"),
    pytest.param("address-with-semicolon", EXTERNAL, "no_rule_matched", id="and with a semicolon"),
    pytest.param("protected-mailto", PROTECT, "rule_skip", id="a protected person, with mailto"),
    pytest.param("opt-out-with-nbsp", PROTECT, "rule_skip", id="a no-break space"),
    pytest.param("bcc-as-resource", EXTERNAL, "insufficient_data", id="a guest in the resources field"),
    pytest.param("room-as-required-same-as-location", ROOMS, "no_rule_matched", id="a room invited as a person"),
    pytest.param("google-room-as-guest", EXTERNAL, "no_rule_matched", id="a room of Google"),
    pytest.param("plus-address-of-a-protected", PROTECT, "insufficient_data", id="a plus address"),
    pytest.param("room-declined", NO_ROOM, "link_added", id="a room that declined does not count"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "rules", "expected"), CASES)
def test_a_reported_case_is_decided_correctly(case: str, rules: str, expected: str, make_policy: Any) -> None:
    """Events for which a write was wrong or missing."""
    event = json.loads((DATA / f"{case}.json").read_text())

    assert decided(event, rules, make_policy) == expected


BO, CEO, GUEST = line("bo@contoso.com"), line("ceo@contoso.com"), line("bo@fabrikam.com")
BAKER = {"uniqueId": "baker@contoso.com", "uniqueIdType": "directory"}

SIBLINGS = [
    # https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/825
    pytest.param(meeting(line("Bo Berg <bo@contoso.com>")), EXTERNAL, "no_rule_matched", id="a colleague with a name"),
    pytest.param(meeting(line("CEO <ceo@contoso.com>"), GUEST), PROTECT, "rule_skip", id="protected, with a name"),
    # https://mskb.pkisolutions.com/kb/189492
    pytest.param(meeting(line("IMCEASMTP-ceo+40contoso+2Ecom@fabrikam.com")), PROTECT, "rule_skip", id="protected, packed by Exchange"),
    # https://github.com/TimDaub/simple-caldav/issues/9
    pytest.param(meeting(line("mailto:mailto:bo@contoso.com")), EXTERNAL, "no_rule_matched", id="a colleague behind mailto twice"),
    # https://github.com/OfficeDev/office-js/issues/3701
    pytest.param(meeting(line("/o=ExchangeLabs/cn=Recipients/cn=ceo"), GUEST), PROTECT, "insufficient_data", id="an X.500 address may be the protected person"),
    # https://github.com/microsoftgraph/microsoft-graph-docs/issues/13898
    pytest.param(meeting(BO, line("/o=ExchangeLabs/cn=Recipients/cn=bo")), TWO, "insufficient_data", id="an X.500 address may be an invitee who has another line"),
    pytest.param(meeting(line("IMCEAEX-_O=X_CN=CEO@contoso.com")), PROTECT, "insufficient_data", id="X.500 packed"),
    # https://petri.com/using-plus-addressing-exchange-online
    pytest.param(meeting(line("mailto:CEO+x@contoso.com;"), GUEST), PROTECT, "insufficient_data", id="a decorated plus address"),
    pytest.param(meeting(line("bo+x@contoso.com"), GUEST), PROTECT, "link_added", id="a plus address of a person that the rules do not name"),
    pytest.param(meeting(BO, line("bo+x@contoso.com")), TWO, "insufficient_data", id="a plus address may be the same person"),
    pytest.param(meeting(BO, line("al+x@contoso.com")), TWO, "insufficient_data", id="a plus address may be the organizer"),
    # https://support.office.com/article/39c17ac8-67cd-4412-8a82-c119a34c9de1
    pytest.param(meeting(GUEST, line("ceo@contoso.com", "resource")), PROTECT, "insufficient_data", id="a protected person, hidden as a resource"),
    pytest.param(meeting(line("bo@fabrikam.com", "resource"), **place("bo@fabrikam.com", uniqueId="bo@fabrikam.com")), EXTERNAL, "insufficient_data", id="Outlook repeats the hidden person in the location"),
    # https://rmc.teamdynamix.com/TDClient/87/Portal/KB/PrintArticle?ID=4008
    pytest.param(meeting(BO, line("cy@fabrikam.com", "resource")), ONE_TO_ONE, "insufficient_data", id="a resource may be one more person"),
    pytest.param(meeting(BO, line("cy@contoso.com"), line("bo@contoso.com", "resource")), TWO, "link_added", id="a person who is also a resource counts once"),
    pytest.param(meeting(GUEST, line("bo@contoso.com"), line("bo@contoso.com", "resource")), NO_ROOM, "no_rule_matched", id="and is also a resource"),
    # https://kb.wisc.edu/page.php?id=63454
    pytest.param(meeting(BO, line("baker@contoso.com"), **place("Baker", "conferenceRoom", locationUri="baker@contoso.com")), TWO, "no_rule_matched", id="a room from the people picker, by the place's uri"),
    pytest.param(meeting(BO, line("baker@contoso.com"), **place("Baker", **BAKER)), TWO, "no_rule_matched", id="by the directory"),
    pytest.param(meeting(BO, line("baker@contoso.com"), **place("Baker", "conferenceRoom", locationEmailAddress="SMTP:Baker@contoso.com")), TWO, "no_rule_matched", id="by the place's address"),
    pytest.param(meeting(BO, CEO, **place("ceo@contoso.com", uniqueId="ceo@contoso.com", uniqueIdType="private")), PROTECT, "rule_skip", id="a person whose address is entered as the place is not a room"),
    # https://developers.google.com/workspace/calendar/api/concepts/domain
    pytest.param(meeting(GUEST, line("c_1@resource.calendar.google.com", response="declined")), NO_ROOM, "link_added", id="a room of Google's that declined"),
    # https://webmail.etcnow.com/help/advanced/Calendar/Scheduling_Resources.htm
    pytest.param(meeting(GUEST, line("baker@contoso.com", response="declined"), **place("Baker", "conferenceRoom", **BAKER)), NO_ROOM, "link_added", id="a room invited as a person that declined"),
    # https://techcommunity.microsoft.com/t5/Exchange-Team-Blog/Resource-scheduling-in-Exchange-Server-2007/bc-p/593606
    pytest.param(meeting(GUEST, line("baker@contoso.com", "resource", "declined", "Baker"), **place("BAKER", "conferenceRoom")), NO_ROOM, "link_added", id="the place has the name of the room that declined"),
    pytest.param(meeting(GUEST, line("baker@contoso.com", "resource", "declined", "Baker"), **place("Adams", "conferenceRoom")), NO_ROOM, "insufficient_data", id="a place of another name may be another room"),
    pytest.param(meeting(GUEST, line("baker@contoso.com", "resource", "declined"), line("adams@contoso.com", "resource", "accepted")), NO_ROOM, "no_rule_matched", id="one of two rooms is enough"),
    pytest.param(meeting(GUEST, line("baker@contoso.com", "resource", "tentativelyAccepted")), NO_ROOM, "no_rule_matched", id="a room that has to be approved is a room"),
    pytest.param(meeting(GUEST, line("ceo@contoso.com", response="declined")), PROTECT, "rule_skip", id="a person who declined is still invited"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "rules", "expected"), SIBLINGS)
def test_a_similar_case_is_decided_correctly(event: Any, rules: str, expected: str, make_policy: Any) -> None:
    """Cases like these, from public reports."""
    assert decided(event, rules, make_policy) == expected


IN_GROUPS = [
    pytest.param("board@contoso.com", "rule_skip", id="the address of the group counts as its members"),
    pytest.param("mailto:Board@contoso.com", "rule_skip", id="with a decorated address"),
    pytest.param("leadership@contoso.com", "insufficient_data", id="another group may have the same members"),
    pytest.param("ceo+x@contoso.com", "insufficient_data", id="a plus address of a member"),
    pytest.param("bo@contoso.com", "link_added", id="a colleague is not a group"),
]


@pytest.mark.parametrize(("address", "expected"), IN_GROUPS)
def test_a_group_may_be_invited_by_its_address(address: str, expected: str, make_policy: Any) -> None:
    """Its members are not in the invitation then.

    Seen in https://github.com/googleapis/google-api-ruby-client/issues/881, and in Teams since
    https://office365itpros.com/2020/03/31/teams-meeting-invitations/.
    """
    event = meeting(line(address), GUEST)

    assert decided(event, BOARD, make_policy, MEMBERS) == expected


BLANKS = [
    pytest.param("Lunch [no\u00a0link]", id="no-break space"),
    pytest.param("Lunch [no\u202flink]", id="narrow no-break space of French typography"),
    pytest.param("Lunch [no\u3000link]", id="wide space of Japanese input"),
    pytest.param("Lunch [no\tlink]", id="tab"),
    pytest.param("Lunch [no  link]", id="two spaces"),
    pytest.param("Lunch [no\u200blink]", id="a blank without width between words"),
    pytest.param("Lunch [no\u00a0\u200blink]", id="next to another blank"),
    pytest.param("Lunch [no li\u200bnk]", id="inside a word"),
    pytest.param("Lunch [no link\u200e]", id="a mark for the direction of writing"),
    pytest.param("Lunch [no li\u00adnk]", id="a soft hyphen"),
    pytest.param("\ufeffLunch [no\u2009link]", id="a mark of the byte order"),
]


@pytest.mark.parametrize("subject", BLANKS)
@pytest.mark.parametrize("rule", ["'[no link]'", "{matches: '\\[no link\\]|no +link'}", '"[no\\u00A0link]"'])
def test_all_kinds_of_blanks_are_equal(subject: str, rule: str, make_policy: Any) -> None:
    """Pasted subjects contain all kinds of blanks, as in https://github.com/libris/librisxl/pull/1833."""
    rules = f"- {{id: out, mode: enforce, when: {{subject: {rule}}}, action: skip}}\n{EXTERNAL}"

    assert decided(meeting(GUEST, subject=subject), rules, make_policy) == "rule_skip"
