from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from shared.domain.decision import Mode, Reason, Verdict
from shared.domain.event import Event, Recurrence
from shared.domain.meeting import Meeting, MeetingState
from shared.rules.decide import decide
from shared.rules.explain import ConditionResult, RuleStatus, explain
from shared.rules.facts import Facts
from shared.rules.policy import Policy
from tests.rules.strategies import EVENTS, FACTS, MOMENTS, policies

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_every_rule_is_explained_with_its_conditions(make_event: Any, make_policy: Any) -> None:
    """Each condition has the expected and the actual value."""
    policy = make_policy(
        "  - {id: first, mode: enforce, when: {external_attendees: {at_least: 1}}, unless: {any: [{subject: review}]}}\n"
        "  - {id: second, mode: enforce, when: {attendees: 1}}"
    )

    first, second = explain(make_event(), policy, Facts(), NOW).rules

    assert (first.matched, first.decided, second.matched, second.decided) == (False, False, True, True)
    assert list(first.when.leaves()) == [
        ConditionResult(name="external_attendees", expected="at least 1", actual="1", holds=True)
    ]
    assert first.unless is not None
    assert [(leaf.expected, leaf.actual, leaf.holds) for leaf in first.unless.leaves()] == [
        ('contains "review"', '"Review"', True)
    ]


def test_the_rule_that_decides_now_and_the_one_that_would_are_told_apart(
    make_event: Any, make_policy: Any
) -> None:
    """An admin sees what promotion changes."""
    policy = make_policy(
        "  - {id: tried, mode: report, action: skip, when: {}}\n  - {id: live, mode: enforce, when: {}}"
    )

    results = explain(make_event(), policy, Facts(), NOW).rules

    assert [(result.decided, result.decided_if_promoted) for result in results] == [
        (False, True),
        (True, False),
    ]


def test_an_enforced_skip_decides_although_a_report_rule_would_enable(
    make_event: Any, make_policy: Any
) -> None:
    """The decision names the report rule, and the explanation marks the enforced rule as deciding now."""
    policy = make_policy(
        "  - {id: tried, mode: report, when: {}}\n  - {id: live, mode: enforce, action: skip, when: {}}"
    )

    explanation = explain(make_event(), policy, Facts(), NOW)

    assert (explanation.decision.verdict, explanation.decision.rule) == (Verdict.WOULD_ENABLE, "tried")
    assert [(result.decided, result.decided_if_promoted) for result in explanation.rules] == [
        (False, True),
        (True, False),
    ]


def test_a_report_rule_does_not_decide_now(make_event: Any, make_policy: Any) -> None:
    """It would decide if it were promoted."""
    [result] = explain(
        make_event(), make_policy("  - {id: tried, mode: report, when: {}}"), Facts(), NOW
    ).rules

    assert (result.decided, result.decided_if_promoted) == (False, True)


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        pytest.param("mode: report", RuleStatus.EVALUATED, id="evaluated"),
        pytest.param("mode: off", RuleStatus.OFF, id="off"),
        pytest.param("active: {from: 2026-07-01}", RuleStatus.NOT_YET_ACTIVE, id="too early"),
        pytest.param("active: {until: 2026-06-01}", RuleStatus.NO_LONGER_ACTIVE, id="too late"),
    ],
)
def test_the_status_shows_why_a_rule_is_not_evaluated(
    rest: str, status: RuleStatus, make_event: Any, make_policy: Any
) -> None:
    """The results of its conditions are shown in any case."""
    [result] = explain(make_event(), make_policy(f"  - {{id: a, when: {{}}, {rest}}}"), Facts(), NOW).rules

    assert (result.status, result.matched) == (status, True)


ONLINE = Meeting(state=MeetingState.ENABLED, at=NOW, attempts=1)
WHY = [
    pytest.param(Reason.ALREADY_ONLINE, {}, None, False, "it is not online", id="not online"),
    pytest.param(Reason.ALREADY_ONLINE, {"is_online_meeting": True}, None, True, "it is an online meeting", id="online"),
    pytest.param(Reason.NOT_ORGANIZER, {}, None, False, "this is the organizer's copy", id="the organizer's"),
    pytest.param(Reason.NOT_ORGANIZER, {"is_organizer": False}, None, True, "this is an attendee's copy", id="a guest's"),
    pytest.param(Reason.CANCELLED, {}, None, False, "it was not cancelled", id="not cancelled"),
    pytest.param(Reason.CANCELLED, {"is_cancelled": True}, None, True, "it was cancelled", id="cancelled"),
    pytest.param(Reason.ENDED, {}, None, False, "it ends at 2026-06-02 13:00 UTC", id="to come"),
    pytest.param(Reason.ENDED, {"start": NOW - timedelta(hours=1), "end": NOW}, None, True, "it ended at 2026-06-01 12:00 UTC", id="over"),
    pytest.param(Reason.ENDED, {"type": "seriesMaster", "recurrence": Recurrence(pattern="daily")}, None, False, "it is a series without an end", id="endless"),
    pytest.param(Reason.DRAFT, {}, None, False, "it is not a draft", id="not a draft"),
    pytest.param(Reason.DRAFT, {"is_draft": True}, None, True, "it is a draft", id="draft"),
    pytest.param(Reason.OTHER_JOIN_LINK, {}, None, False, "no other join link was found", id="no link"),
    pytest.param(Reason.OTHER_JOIN_LINK, {"body_preview": "https://zoom.us/j/1"}, None, True, "it has a join link of Zoom", id="link"),
    pytest.param(Reason.REMOVED_BY_USER, {}, None, False, "there is no record of an earlier link", id="never had a link"),
    pytest.param(Reason.REMOVED_BY_USER, {}, ONLINE, True, "it had a link, and a person removed it", id="removed"),
    pytest.param(Reason.REMOVED_BY_USER, {"is_online_meeting": True}, ONLINE, True, "it had a link before, and still has it", id="still there"),
    pytest.param(Reason.GAVE_UP, {}, ONLINE, False, "1 of 3 attempts failed", id="tried once"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "changes", "known", "applies", "why"), WHY)
def test_a_guard_explains_its_result(
    *, reason: Reason, changes: dict[str, Any], known: Meeting | None, applies: bool, why: str, make_event: Any, make_policy: Any
) -> None:  # fmt: skip
    """Whether it applies or not."""
    policy = make_policy("  - {id: a, when: {}}")
    guards = explain(make_event(**changes), policy, Facts(meeting=known), NOW).guards
    result = next(guard for guard in guards if guard.reason is reason)

    assert (result.applies, result.why) == (applies, why)


@pytest.mark.parametrize("setting", ["drafts", "other_join_links"])
def test_the_explanation_of_a_guard_names_the_setting_that_turns_it_off(
    setting: str, make_event: Any, make_policy: Any
) -> None:
    """The explanation shows what the guard found."""
    event = make_event(is_draft=True, body_preview="https://zoom.us/j/1")
    policy = make_policy(f"{setting}: ignore\nrules:\n  - {{id: a, when: {{}}}}")

    assert f"but the rules have {setting}: ignore" in str(explain(event, policy, Facts(), NOW).guards)


@settings(max_examples=300, deadline=None)
@given(event=EVENTS, policy=policies(), facts=FACTS, now=MOMENTS)
def test_an_explanation_agrees_with_the_decision(
    event: Event, policy: Policy, facts: Facts, now: datetime
) -> None:
    """For any event and rules: the results lead to the decision of the worker."""
    explanation = explain(event, policy, facts, now)
    decision = explanation.decision

    assert decision == decide(event, policy, facts, now)
    if explanation.depends_on_body:
        assert decision.reason is Reason.INSUFFICIENT_DATA
        return
    if explanation.deciding_guard is not None:
        assert decision.reason is explanation.deciding_guard.reason
    deciding = [result.rule for result in explanation.rules if result.decided]
    assert [rule.id for rule in deciding] == [decision.enforced_rule][: decision.enforced_rule is not None]
    assert {rule.mode for rule in deciding} <= {Mode.ENFORCE}
    promoted = [result.rule.id for result in explanation.rules if result.decided_if_promoted]
    assert promoted == [decision.projected_rule][: decision.projected_rule is not None]
    if decision.verdict is not Verdict.WOULD_ENABLE:
        assert decision.enforced_rule == decision.rule
    if decision.verdict is Verdict.ENABLE:
        assert [result.matched for result in explanation.rules if result.decided] == [True]
