"""Text around an address never leads to a write that would not happen without it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.decision import Verdict
from shared.domain.event import Attendee, Event
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.decide import decide
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from tests.rules.conftest import NOW

GROUP = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
CONDITIONS = (
    "attendees: {at_least: 2}", "attendees: {at_most: 1}", "attendees: 1", "external_attendees: {at_least: 1}",
    "external_attendees: {at_most: 0}", "has_room: true", "has_room: false",
    "attendee: {address_in: ceo@contoso.com}", "attendee: {domain_in: fabrikam.com}",
    f"attendee: {{member_of: {GROUP}}}", "organizer: {address_in: al@contoso.com}",
    "not: {attendee: {address_in: [ceo@contoso.com, bo@fabrikam.com]}}",
    "not: {organizer: {domain_in: contoso.com}}",
)  # fmt: skip
ADDRESSES = (
    "al@contoso.com", "bo@contoso.com", "ceo@contoso.com", "bo@fabrikam.com", "cy@northwind.com",
    "bo_fabrikam.com#EXT#@contoso.com", "c_1@resource.calendar.google.com", "board@contoso.com",
)  # fmt: skip
#: how people and programs write an address; `{0}` is the address, `{1}` its name, `{2}` its domain, `{3}` its name as Exchange packs it
DECORATIONS = (
    "'{0}'", '"{0}"', "{0};", "<{0}>", "Bo Berg <{0}>", '"Berg, Bo" <{0}>', "{0} (Bo)", "mailto:{0}", "SMTP:{0}",
    "smtp:mailto:{0}", "{0}<mailto:{0}>", "\u200b{0}\u00a0", "{1}\u00ad@{2}.", "&lt;{0}&gt;", " {0}\r\n", "MAILTO:{1}%40{2}",
    "{1}@{2} ,", "\u201c{0}\u201d", "{1}\uff20{2}", "IMCEASMTP-{3}+40{2}@contoso.com",
)  # fmt: skip
#: what may hide who it is
DISGUISES = (
    *DECORATIONS,
    "/o=ExchangeLabs/cn={1}",
    "IMCEAEX-_CN={1}@contoso.com",
    "{0}; cy@contoso.com",
    "{1}",
)

LINES = st.lists(
    st.builds(
        Attendee,
        address=st.sampled_from(ADDRESSES),
        type=st.sampled_from(["required", "resource"]),
        response=st.sampled_from(["none", "declined"]),
    ),
    max_size=4,
)


def policy_of(rules: list[tuple[str, str]]) -> Policy:
    lines = [
        f"  - {{id: r{n}, mode: enforce, action: {action}, when: {{{condition}}}}}\n"
        for n, (action, condition) in enumerate(rules)
    ]
    text = "version: 1\ninternal_domains: [contoso.com]\nrules:\n" + "".join(lines)
    loaded = load_policy([RuleFile("x.yaml", text.encode())])
    assert loaded.policy is not None, loaded.problems
    return loaded.policy


RULES = st.lists(
    st.tuples(st.sampled_from(["enable", "skip"]), st.sampled_from(CONDITIONS)), min_size=1, max_size=3
).map(policy_of)
FACTS = Facts(members={GROUP: frozenset({"ceo@contoso.com", "board@contoso.com"})})


def decorated(address: str, form: str) -> str:
    name, _, domain = address.partition("@")
    packed = name.replace("_", "+5F").replace("#", "+23")
    return form.format(address, name, domain, packed)


def event(lines: list[Attendee], organizer: str = "al@contoso.com") -> Event:
    return Event(
        id="e",
        etag="w",
        organizer=organizer,
        attendees=tuple(lines),
        start=NOW.replace(year=2030),
        end=NOW.replace(year=2031),
    )


@pytest.mark.parametrize(
    "forms", [pytest.param(DECORATIONS, id="decorated"), pytest.param(DISGUISES, id="disguised")]
)
@settings(max_examples=400, deadline=None)
@given(data=st.data(), policy=RULES, lines=LINES)
def test_decorating_an_address_never_leads_to_a_write(
    forms: tuple[str, ...], data: st.DataObject, policy: Policy, lines: list[Attendee]
) -> None:
    """Any invitee and the organizer, in any form: an event that was skipped is still skipped."""
    changed = [
        replace(line, address=decorated(line.address, data.draw(st.sampled_from(forms)))) for line in lines
    ]
    organizer = decorated("al@contoso.com", data.draw(st.sampled_from(DECORATIONS)))
    plainly = decide(event(lines), policy, FACTS, NOW)
    in_disguise = decide(event(changed, organizer), policy, FACTS, NOW)

    assert plainly.verdict is Verdict.ENABLE or in_disguise.verdict is not Verdict.ENABLE
    if forms is DECORATIONS:
        assert (in_disguise.verdict, in_disguise.rule) == (plainly.verdict, plainly.rule)
