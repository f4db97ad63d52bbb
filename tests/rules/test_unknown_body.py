"""Decisions about events whose body was not read, or is too large: three-valued, and never a write by guess."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.decision import Reason, Verdict
from shared.domain.event import Event
from shared.rules.decide import decide, event_facts, possible_decisions
from shared.rules.explain import explain
from shared.rules.facts import Facts
from shared.rules.policy import OtherJoinLinks, Policy
from tests.rules.strategies import EVENTS, FACTS, MOMENTS, policies

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ZOOM = "https://fabrikam.zoom.us/j/98765432101"
BODIES = ["", "see you", f"<p><a href='{ZOOM}'>join", "https://protect-eu.mimecast.com/s/AbC"]
WRITES = "- {id: a, mode: enforce, when: {}}"
REPORTS = "- {id: a, mode: report, when: {}}"
NEVER = "- {id: a, mode: enforce, when: {attendees: {at_least: 99}}}"
SKIPS = "- {id: s, mode: enforce, when: {has_other_join_link: true}, action: skip}"
UNLESS = "- {id: a, mode: enforce, when: {}, unless: {has_other_join_link: true}}"
WAITS = "- {id: a, mode: enforce, when: {organizer: {member_of: 5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e}}, on_missing: retry}"  # fmt: skip
IGNORE, PREVIEW = "other_join_links: ignore", "other_join_links: {look_in: preview}"

#: the setting, the rules, the event, and the decision: whether the body decides, and the result without it
ROWS = [
    pytest.param("", WRITES, {}, (True, "skip insufficient_data a"), id="a rule would add a link"),
    pytest.param("", REPORTS, {}, (True, "skip insufficient_data a"), id="a rule in report mode would"),
    pytest.param("", UNLESS, {}, (True, "skip insufficient_data a"), id="a rule that asks for links itself would"),
    pytest.param("", NEVER, {}, (False, "skip no_rule_matched None"), id="no rule matches"),
    pytest.param("", WAITS, {}, (False, "retry awaiting_data a"), id="another fact comes first"),
    pytest.param("", WRITES, {"subject": ZOOM}, (False, "skip other_join_link None"), id="a link in the subject"),
    pytest.param("", WRITES, {"is_online_meeting": True}, (False, "skip already_online None"), id="an online meeting"),
    pytest.param(PREVIEW, WRITES, {}, (False, "enable link_added a"), id="the rules don't search it"),
    pytest.param(IGNORE, WRITES, {}, (False, "enable link_added a"), id="links are ignored"),
    pytest.param(IGNORE, f"{SKIPS}\n{WRITES}", {}, (True, "skip insufficient_data a"), id="links are ignored, but a skip rule asks for them"),
    pytest.param(IGNORE, f"{UNLESS}\n{SKIPS}", {}, (True, "skip insufficient_data a"), id="links are ignored, but an enable rule asks for them"),
    pytest.param(IGNORE, f"{NEVER}\n{SKIPS}", {}, (True, "skip insufficient_data s"), id="links are ignored, but the reason depends on them"),
    pytest.param(IGNORE, f"{SKIPS}\n{WRITES}", {"subject": ZOOM}, (False, "skip rule_skip s"), id="a link in the subject is enough for a rule"),
    pytest.param("other_join_links: {action: ignore, look_in: preview}", f"{SKIPS}\n{WRITES}", {}, (False, "enable link_added a"), id="rules ask for links in the preview"),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "rules", "changes", "expected"), ROWS)
def test_an_unread_body_never_leads_to_a_write(
    *, setting: str, rules: str, changes: Any, expected: tuple[bool, str], make_event: Any, make_policy: Any
) -> None:
    """If the decision depends on it, it is insufficient data; otherwise the body is not needed."""
    policy, event = make_policy(f"{setting}\nrules:\n{rules}"), make_event(body=None, **changes)
    decision = decide(event, policy, Facts(), NOW)
    depends = len(possible_decisions(event, policy, Facts(), NOW)) > 1

    assert (depends, f"{decision.verdict} {decision.reason} {decision.rule}") == expected
    assert explain(event, policy, Facts(), NOW).depends_on_body is depends


def test_whether_there_is_another_link_is_unknown_without_the_body(make_event: Any, make_policy: Any) -> None:
    """The guard and the condition have the same three values."""
    policy = make_policy(WRITES)
    for body, truth in ((None, None), ("", False), (ZOOM, True)):
        event = make_event(body=body)
        guards = explain(event, policy, Facts(), NOW).guards
        [applies] = [guard.applies for guard in guards if guard.reason is Reason.OTHER_JOIN_LINK]
        assert (applies, event_facts(event, policy, Facts(), NOW).has_other_join_link) == (truth, truth)


@settings(max_examples=200, deadline=None)
@given(
    event=EVENTS,
    policy=policies(),
    facts=FACTS,
    now=MOMENTS,
    body=st.sampled_from(BODIES),
    skips=st.booleans(),
)
def test_a_decision_without_the_body_holds_for_every_body(
    *, event: Event, policy: Policy, facts: Facts, now: datetime, body: str, skips: bool
) -> None:
    """For any event and rules: only where the first read says so, the body can add or remove a link."""
    policy = replace(policy, other_join_links=OtherJoinLinks(skip=skips))
    possible = possible_decisions(replace(event, body=None), policy, facts, now)
    real = decide(replace(event, body=body), policy, facts, now)

    if real.adds_link:
        assert any(each.adds_link for each in possible)
    if len(possible) == 1 and possible[0].verdict is not Verdict.RETRY:
        assert real.verdict is possible[0].verdict
