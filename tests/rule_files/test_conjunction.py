import pytest

from shared.rule_files.checks.conjunction import Conjunction
from shared.rule_files.loader import RuleFile, load_policy
from shared.rule_files.reading.session import Budget
from shared.rules.conditions import Condition


def condition(when: str) -> Condition:
    text = f"version: 1\nrules: [{{id: a, when: {{{when}}}}}]"
    policy = load_policy([RuleFile("x.yaml", text.encode())]).policy
    assert policy is not None
    return policy.rules[0].when


IMPLIED = [
    pytest.param("attendees: 3", "attendees: {at_most: 5}", True, id="an interval within another"),
    pytest.param("attendees: {at_most: 5}", "attendees: 3", False, id="a wider interval"),
    pytest.param("attendees: 3, has_room: true", "has_room: true", True, id="one of two conditions"),
    pytest.param("all: [{all: [{has_room: true}]}]", "has_room: true", True, id="a condition in nested all"),
    pytest.param("has_room: true", "any: [{subject: x}, {has_room: true}]", True, id="one alternative"),
    pytest.param("any: [{attendees: 1}, {attendees: 2}]", "attendees: {at_most: 2}", True, id="each alternative"),
    pytest.param("any: [{attendees: 1}, {attendees: 3}]", "attendees: {at_most: 2}", False, id="not each alternative"),
    pytest.param("has_room: true", "not: {has_room: false}", True, id="the opposite is excluded"),
    pytest.param("not: {has_room: true}", "not: {has_room: true, subject: x}", True, id="not, with more conditions"),
    pytest.param("external_attendees: 2", "attendees: {at_least: 1}", True, id="what the row implies"),
    pytest.param("subject: no link", "subject: link", True, id="a word within another"),
    pytest.param("subject: {matches: a}", "subject: {matches: '[a]'}", False, id="patterns are not compared"),
]  # fmt: skip


@pytest.mark.parametrize(("conditions", "other", "expected"), IMPLIED)
def test_a_conjunction_implies_what_surely_holds(conditions: str, other: str, expected: bool) -> None:
    """False means that it is not certain."""
    conjunction = Conjunction((condition(conditions),), Budget(1000))

    assert conjunction.implies(condition(other)) is expected


EXCLUDED = [
    pytest.param("attendees: 3", "attendees: {at_most: 2}", True, id="intervals with a gap"),
    pytest.param("attendees: 3", "attendees: {at_most: 3}", False, id="intervals that touch"),
    pytest.param("has_room: true", "has_room: false", True, id="the opposite flag"),
    pytest.param("sensitivity: private", "sensitivity: normal", True, id="another choice"),
    pytest.param("subject: a", "subject: b", False, id="a text may contain both"),
    pytest.param("not: {has_room: true}", "has_room: true, subject: x", True, id="what not excludes"),
    pytest.param("type: singleInstance", "is_recurring: true", True, id="what the row implies"),
]


@pytest.mark.parametrize(("conditions", "other", "expected"), EXCLUDED)
def test_a_conjunction_excludes_what_surely_fails(conditions: str, other: str, expected: bool) -> None:
    """False means that it is not certain."""
    conjunction = Conjunction((condition(conditions),), Budget(1000))

    assert conjunction.excludes(condition(other)) is expected


def test_nothing_is_certain_after_the_budget_is_spent() -> None:
    """So the checks end, and report nothing wrong."""
    budget = Budget(1)
    conjunction = Conjunction((condition("has_room: true"),), budget)

    assert conjunction.implies(condition("has_room: true")) is False
    assert conjunction.excludes(condition("has_room: false")) is False
