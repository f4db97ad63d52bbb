"""What the checks say about several rules is certain: generated events confirm it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from shared.domain.decision import Mode
from shared.domain.event import Event
from shared.rule_files.checks.conjunction import Conjunction
from shared.rule_files.checks.reachability import unreached
from shared.rule_files.loader import RuleFile, load_policy
from shared.rule_files.reading.session import Budget
from shared.rule_files.vocabulary.catalogue import CATALOGUE, ConditionKind
from shared.rules.decide import decide, event_facts
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from tests.rules.strategies import CONDITIONS, EVENTS, FACTS, MOMENTS, policies

NARROWER = [
    pytest.param("external_attendees: {at_least: 1}", "external_attendees: {at_least: 5}", id="a higher bound"),
    pytest.param("attendees: {at_most: 9}", "attendees: 3", id="a number within bounds"),
    pytest.param("attendees: {at_least: 3, at_most: 3}", "attendees: 3", id="the same number"),
    pytest.param("duration: {at_most: 24h}", "duration: {at_least: 15m, at_most: 1d}", id="the same duration with another unit"),
    pytest.param("categories: [A, B]", "categories: b", id="one of two"),
    pytest.param("subject: link", "subject: {contains: Link}", id="the same operator"),
    pytest.param("subject: [link, join]", "subject: join", id="one of two words"),
    pytest.param("any: [{has_room: true}, {subject: x}]", "has_room: true", id="one of two ways"),
    pytest.param("any: [{has_room: true}, {subject: x}]", "any: [{subject: x}, {has_room: true}]", id="the same ways"),
    pytest.param("not: {has_room: true}", "has_room: false", id="not with the opposite value"),
    pytest.param("attendee: {domain_in: [Fabrikam.com, x.com]}", "attendee: {domain_in: fabrikam.com}", id="one of two domains"),
    pytest.param("attendees: {at_least: 1}", "external_attendees: {at_least: 2}", id="external people are people"),
    pytest.param("has_location: true", "location: Berlin", id="a place that is named"),
    pytest.param("has_room: true", "has_room: true, subject: x, attendees: 1, is_all_day: false, importance: low, show_as: busy, sensitivity: normal", id="six more conditions"),
]  # fmt: skip
FREE = [
    pytest.param("external_attendees: {at_least: 5}", "external_attendees: {at_least: 1}", id="a lower bound"),
    pytest.param("rollout: 25%", "rollout: 25%", id="each rule draws its own organizers"),
    pytest.param("has_room: true", "any: [{has_room: true}, {subject: x}]", id="one of two ways is not covered"),
    pytest.param("subject: {contains: a, starts_with: b}", "subject: {contains: a}", id="one of two operators"),
    pytest.param("attendee: {domain_in: x.com, address_in: a@x.com}", "attendee: {domain_in: x.com}", id="one of two keys"),
]  # fmt: skip


def found(first: str, second: str, *more: str) -> list[str]:
    """Return the ids of rules that are never reached."""
    words = ", ".join(("mode: enforce", "action: skip", *more))
    text = "".join(f"  - {{id: r{n}, {words}, when: {{{when}}}}}\n" for n, when in enumerate((first, second)))
    policy = load_policy([RuleFile("x.yaml", f"version: 1\nrules:\n{text}".encode())]).policy
    assert policy is not None
    return [rule.id for rule, _ in unreached(policy.rules, Budget(1000))]


@pytest.mark.parametrize(("first", "second"), NARROWER)
def test_a_rule_that_an_earlier_one_covers_is_never_reached(first: str, second: str) -> None:
    """The check compares sets of values, not texts."""
    assert found(first, second) == ["r1"]


@pytest.mark.parametrize(("first", "second"), FREE)
def test_a_rule_that_no_earlier_one_covers_is_reached(first: str, second: str) -> None:
    """The check reports only what is certain."""
    assert found(first, second) == []


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in CATALOGUE.values()])
def test_a_skip_after_a_condition_that_can_be_unknown_is_reached(kind: ConditionKind[Any]) -> None:
    """While the first rule is unknown, the second one still keeps later rules from enabling."""
    text = f"""
version: 1
rules:
  - {{id: enables, mode: enforce, when: {{{kind.example}}}}}
  - {{id: skips, mode: enforce, action: skip, when: {{{kind.example}}}}}
"""
    policy = load_policy([RuleFile("x.yaml", text.encode())]).policy
    assert policy is not None

    dead = [rule.id for rule, _ in unreached(policy.rules, Budget(1000))]
    assert dead == ([] if kind.can_be_unknown else ["skips"])


def test_a_rule_active_within_the_time_of_another_is_never_reached() -> None:
    """A rule that is active for longer is reached."""
    rules = [
        "{id: a, mode: enforce, when: {}, active: {from: 2026-01-01, until: 2027-01-01}}",
        "{id: within, mode: enforce, when: {}, active: {from: 2026-02-01, until: 2026-03-01}}",
        "{id: beyond, mode: enforce, when: {}, active: {from: 2026-02-01}}",
    ]
    text = "version: 1\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules)
    policy = load_policy([RuleFile("x.yaml", text.encode())]).policy
    assert policy is not None

    assert [rule.id for rule, _ in unreached(policy.rules, Budget(1000))] == ["within"]


def test_rules_after_a_limited_rule_are_reached_above_the_limit() -> None:
    """Rules that skip, too: they stop later rules."""
    text = """
version: 1
rules:
  - {id: first, mode: enforce, when: {is_all_day: true}, limits: {per_hour: 1}}
  - {id: enables, mode: enforce, when: {is_all_day: true}}
  - {id: skips, mode: enforce, action: skip, when: {is_all_day: true, subject: x}}
"""
    policy = load_policy([RuleFile("x.yaml", text.encode())]).policy
    assert policy is not None

    assert [(rule.id, by.id) for rule, by in unreached(policy.rules, Budget(1000))] == [("skips", "enables")]


def test_a_spent_budget_ends_the_search() -> None:
    """So the work is limited for any number of rules."""
    text = "version: 1\nrules:\n" + "".join(f"  - {{id: r{n}, when: {{}}}}\n" for n in range(9))
    policy = load_policy([RuleFile("x.yaml", text.encode())]).policy
    assert policy is not None

    assert [rule.id for rule, _ in unreached(policy.rules, Budget(4))] == ["r1", "r2"]


@settings(max_examples=300, deadline=None)
@given(event=EVENTS, policy=policies(), facts=FACTS, now=MOMENTS)
def test_a_rule_that_is_never_reached_never_decides(
    event: Event, policy: Policy, facts: Facts, now: datetime
) -> None:
    """For every event an earlier rule decides, both now and in the projection."""
    decision = decide(event, policy, facts, now)
    enforced = tuple(replace(rule, mode=Mode.ENFORCE) for rule in policy.rules)
    promoted = decide(event, replace(policy, rules=enforced), facts, now)
    seen = event_facts(event, policy, facts, now)
    matched = {rule.id for rule in policy.rules if rule.matches(seen)}

    dead = {rule.id for rule, _ in unreached(policy.rules, Budget(10_000))}
    assert not {decision.rule, decision.projected_rule} & dead & matched
    alive = tuple(rule for rule in policy.rules if rule.id not in dead)
    without = decide(event, replace(policy, rules=alive), facts, now)
    assert (without.verdict, without.projected) == (decision.verdict, decision.projected)
    dead = {rule.id for rule, _ in unreached(enforced, Budget(10_000))}
    assert promoted.rule not in dead & matched


@settings(max_examples=500, deadline=None)
@given(first=CONDITIONS, second=CONDITIONS, event=EVENTS, facts=FACTS, now=MOMENTS)
def test_an_implied_condition_holds_for_every_event(
    first: str, second: str, event: Event, facts: Facts, now: datetime
) -> None:
    """No event meets a condition without meeting what it implies."""
    text = f"""
version: 1
lists: {{partners: [fabrikam.com, bo@northwind.com]}}
rules:
  - {{id: a, when: {first}}}
  - {{id: b, when: {second}}}
"""
    policy = load_policy([RuleFile("x.yaml", text.encode())]).policy
    if policy is None:  # one of them contradicts itself
        return
    one, other = (rule.when for rule in policy.rules)
    if Conjunction((one,), Budget(1000)).implies(other):
        seen = event_facts(event, policy, facts, now)
        assert one.holds(seen) is not True or other.holds(seen) is True
