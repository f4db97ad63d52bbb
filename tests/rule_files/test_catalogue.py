from datetime import datetime
from math import inf

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.event import Event
from shared.rule_files.loader import RuleFile, load_policy
from shared.rule_files.vocabulary import implied
from shared.rule_files.vocabulary.catalogue import CATALOGUE
from shared.rules.conditions import Condition
from shared.rules.decide import event_facts
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from shared.rules.value_sets import FALSE, TRUE, Alternatives, Choices, Interval, ValueSet
from tests.rules.strategies import EVENTS, FACTS, MOMENTS


def policy_of(when: str) -> Policy:
    text = f"version: 1\nlists: {{partners: [fabrikam.com]}}\nrules: [{{id: a, when: {{{when}}}}}]"
    policy = load_policy([RuleFile("x.yaml", text.encode())]).policy
    assert policy is not None
    return policy


def leaf_of(when: str) -> Condition:
    return policy_of(when).rules[0].when.children[0]


ALWAYS_KNOWN = [kind.example for kind in CATALOGUE.values() if not kind.can_be_unknown]


@settings(max_examples=300, deadline=None)
@given(example=st.sampled_from(ALWAYS_KNOWN), event=EVENTS, facts=FACTS, now=MOMENTS)
def test_a_condition_that_is_always_known_holds_or_fails(
    example: str, event: Event, facts: Facts, now: datetime
) -> None:
    """Its row says so, and the checks rely on it."""
    policy = policy_of(example)

    assert policy.rules[0].matches(event_facts(event, policy, facts, now)) is not None


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        pytest.param(
            "external_attendees: {at_least: 2}", ("attendees", Interval(2, inf)), id="as many people"
        ),
        pytest.param(
            "external_attendees: {at_most: 2}", ("attendees", Interval(0, inf)), id="no lower bound"
        ),
        pytest.param("attendee: {domain_in: x.com}", ("attendees", Interval(1, inf)), id="a person"),
        pytest.param("location: Berlin", ("has_location", TRUE), id="a text in a place's name"),
        pytest.param("location: {matches: '.*'}", None, id="a pattern may match an empty name"),
        pytest.param("location: [Berlin, {matches: x}]", None, id="or a pattern"),
        pytest.param("location: {contains: a, starts_with: b}", None, id="several keys are not compared"),
        pytest.param("type: seriesMaster", ("is_recurring", TRUE), id="a series"),
        pytest.param("type: singleInstance", ("is_recurring", FALSE), id="a single instance"),
        pytest.param("type: [singleInstance, seriesMaster]", None, id="either"),
        pytest.param("is_all_day: true", ("duration", Interval(86_400, inf)), id="a whole day"),
        pytest.param("is_all_day: false", None, id="not a whole day"),
        pytest.param("subject: x", None, id="a condition that implies nothing"),
    ],
)
def test_a_condition_implies_values_of_another_fact(when: str, expected: tuple[str, ValueSet] | None) -> None:
    """Only what is certain of every event."""
    assert leaf_of(when).implied == (() if expected is None else (expected,))


@pytest.mark.parametrize("name", [kind.name for kind in CATALOGUE.values() if kind.implies])
def test_an_implication_names_another_condition(name: str) -> None:
    """Whatever set of values it is given, it does not fail."""
    for values in (Interval(1, 2), TRUE, Choices(frozenset("a")), Alternatives(frozenset("a"))):
        kind = CATALOGUE[name]
        assert kind.implies is not None
        consequence = kind.implies(values)
        assert consequence is None or consequence[0] in CATALOGUE.keys() - {name}


def test_an_implication_needs_the_right_kind_of_set() -> None:
    """A row with the wrong syntax implies nothing."""
    assert implied.as_many_attendees(TRUE) is None
    assert implied.a_location(TRUE) is None
    assert implied.a_series_or_not(Interval(1, 1)) is None
