"""The organizer's department: when a rule matches it, and when it must be read at all."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from shared.domain.event import Event
from shared.rules.decide import depends_on_department, possible_decisions
from shared.rules.explain import explain
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from tests.rules.strategies import EVENTS, FACTS, MOMENTS, policies

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SKIPS = "- {id: s, mode: enforce, when: {organizer: {department_in: [Works  council, Legal]}}, action: skip}"
WAITS = "- {id: s, mode: enforce, when: {organizer: {department_in: Legal}}, action: skip, on_missing: retry}"
REPORTS = "- {id: s, mode: report, when: {organizer: {department_in: Legal}}}"
OFF = "- {id: s, mode: off, when: {organizer: {department_in: Legal}}}"
LATER = "- {id: s, mode: enforce, when: {organizer: {department_in: Legal}}, active: {from: 2026-07-01}}"
NARROW = "- {id: s, mode: enforce, when: {organizer: {department_in: Legal}, subject: trial}, action: skip}"
UNLESS = "- {id: s, mode: enforce, when: {}, unless: {organizer: {department_in: Legal}}}"
NESTED = "- {id: s, mode: enforce, when: {any: [{all: [{organizer: {department_in: Legal}}]}, {subject: x}]}}"
WRITES = "- {id: w, mode: enforce, when: {}}"
ZOOM = "https://fabrikam.zoom.us/j/98765432101"


def decided(event: Event, policy: Policy, facts: Facts) -> str:
    """Return the decision; with the body left open, the first one that is possible."""
    decision = possible_decisions(event, policy, facts, NOW)[0]
    return f"{decision.verdict} {decision.reason} {decision.rule}"


@pytest.mark.parametrize(
    ("rules", "department", "expected"),
    [
        pytest.param(SKIPS, "Legal", "skip rule_skip s", id="the same"),
        pytest.param(SKIPS, "  LEGAL ", "skip rule_skip s", id="case and blanks around it do not matter"),
        pytest.param(SKIPS, "works council", "skip rule_skip s", id="nor does the number of blanks inside"),
        pytest.param(SKIPS, "Legal affairs", "enable link_added w", id="another"),
        pytest.param(SKIPS, "", "enable link_added w", id="none"),
        pytest.param(SKIPS, None, "skip insufficient_data s", id="unknown"),
        pytest.param(WAITS, None, "retry awaiting_data s", id="unknown, and the rule waits"),
        pytest.param(WAITS, "", "enable link_added w", id="none, so there is nothing to wait for"),
        pytest.param(UNLESS, "Legal", "enable link_added w", id="in unless"),
        pytest.param(UNLESS, "Sales", "enable link_added s", id="not in unless"),
    ],
)
def test_a_department_is_matched(
    rules: str, department: str | None, expected: str, make_event: Any, make_policy: Any
) -> None:
    """An unknown department never lets a later rule write."""
    policy = make_policy(f"rules:\n{rules}\n{WRITES}")

    assert decided(make_event(), policy, Facts(department=department)) == expected


@pytest.mark.parametrize(
    ("rules", "changes", "expected"),
    [
        pytest.param((SKIPS, WRITES), {}, True, id="a skip rule asks"),
        pytest.param((REPORTS, WRITES), {}, True, id="a rule in report mode asks"),
        pytest.param((UNLESS,), {}, True, id="a rule asks in unless"),
        pytest.param((NESTED,), {}, True, id="deep inside"),
        pytest.param((SKIPS, WRITES), {"body": None}, True, id="the body is unread, too"),
        pytest.param((WRITES, SKIPS), {}, False, id="an earlier rule decides"),
        pytest.param((NARROW, WRITES), {}, False, id="another condition of the rule fails"),
        pytest.param((NESTED,), {"subject": "x"}, False, id="another condition of the rule is enough"),
        pytest.param((OFF, WRITES), {}, False, id="the rule is off"),
        pytest.param((LATER, WRITES), {}, False, id="the rule is not active yet"),
        pytest.param((SKIPS, WRITES), {"is_online_meeting": True}, False, id="a guard decides"),
        pytest.param((SKIPS, WRITES), {"subject": ZOOM, "body": None}, False, id="a guard decides without the body"),
        pytest.param((WRITES,), {}, False, id="no rule asks"),
    ],
)  # fmt: skip
def test_a_department_is_read_only_if_the_decision_depends_on_it(
    *, rules: tuple[str, ...], changes: Any, expected: bool, make_event: Any, make_policy: Any
) -> None:
    """Once it is known, it is not read again."""
    policy, event = make_policy("rules:\n" + "\n".join(rules)), make_event(**changes)

    assert depends_on_department(event, policy, Facts(), NOW) is expected
    assert not depends_on_department(event, policy, Facts(department=""), NOW)


@settings(max_examples=200, deadline=None)
@given(event=EVENTS, policy=policies(), facts=FACTS, now=MOMENTS)
def test_a_department_that_is_not_read_changes_nothing(
    event: Event, policy: Policy, facts: Facts, now: datetime
) -> None:
    """Every department gives the same decision, whatever the body has."""
    unread = replace(facts, department=None)
    if not depends_on_department(event, policy, unread, now):
        expected = possible_decisions(event, policy, unread, now)
        for department in ("", "Legal", "Sales"):
            known = replace(facts, department=department)
            assert possible_decisions(event, policy, known, now) == expected


@pytest.mark.parametrize(
    ("department", "shown"),
    [("Legal", "al@contoso.com, Legal"), ("", "al@contoso.com, no department"), (None, "al@contoso.com, department not known")],
)  # fmt: skip
def test_explain_shows_the_department(
    department: str | None, shown: str, make_event: Any, make_policy: Any
) -> None:
    """But only where a condition asks for it."""
    policy = make_policy(f"rules:\n{REPORTS}\n- {{id: o, when: {{organizer: {{domain_in: x.com}}}}}}")
    rules = explain(make_event(organizer="al@contoso.com"), policy, Facts(department=department), NOW).rules
    [[asks], [other]] = [list(rule.when.leaves()) for rule in rules]

    assert (asks.expected, asks.actual) == ("department in Legal", shown)
    assert other.actual == "al@contoso.com"
