from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings, strategies as st

from shared.domain.decision import Action, Mode, Reason, Verdict
from shared.domain.event import Attendee
from shared.rules.conditions import Condition, all_of, any_of, none_of
from shared.rules.decide import decide
from shared.rules.event_sketch import EventSketch, TimeOfDay
from shared.rules.facts import Facts
from shared.rules.policy import Policy, RuleTest
from shared.rules.rule_test_coverage import coverage_gaps, rules_without_tests
from shared.rules.rule_tests import RuleTestResult, run_test, run_tests
from tests.rules.strategies import GROUP, SKETCHES, policies

SALES = "5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e"
EXTERNAL = "when: {external_attendees: {at_least: 1}}"


def rule(rule_id: str, rest: str, event: str = "{}", expect: str = "enable", more: str = "") -> str:
    return (
        f"  - id: {rule_id}\n    {rest}\n"
        f"    tests: [{{name: n, event: {event}, expect: {expect}{', ' if more else ''}{more}}}]\n"
    )


def only(policy: Policy) -> RuleTestResult:
    [result] = run_tests(policy)
    return result


ROWS = [
    pytest.param("when: {}", "{}", True, id="an ordinary meeting"),
    pytest.param("when: {attendees: 2, external_attendees: 1}", "{attendees: [bo@fabrikam.com, cy]}", True, id="a name alone is a colleague"),
    pytest.param("when: {has_room: true, attendees: 0}", "{rooms: [boardroom@contoso.com]}", True, id="a room"),
    pytest.param("when: {organizer: {address_in: al@contoso.com}}", "{organizer: al}", True, id="the organizer"),
    pytest.param("when: {organizer: {domain_in: contoso.com}}", "{}", True, id="an organizer of the house"),
    pytest.param("when: {organizer: {department_in: [Legal, Sales]}}", "{department: sales}", True, id="the organizer's department"),
    pytest.param("when: {organizer: {department_in: Legal}}", "{}", False, id="no department where none is said"),
    pytest.param("when: {external_attendees: {at_least: 1}}", "{attendees: [/o=ExchangeLabs/cn=bo]}", False, id="an unreadable address"),
    pytest.param("when: {duration: {at_least: 45m, at_most: 45m}}", "{duration: 45m}", True, id="the duration"),
    pytest.param("when: {duration: {at_least: 30m, at_most: 30m}}", "{}", True, id="half an hour where none is said"),
    pytest.param("when: {is_all_day: true, duration: {at_least: 1d, at_most: 1d}}", "{all_day: true}", True, id="a whole day"),
    pytest.param("when: {is_recurring: true}", "{recurring: true}", True, id="a series"),
    pytest.param("when: {subject: x, location: [HQ], categories: Red}", "{subject: x, location: HQ, categories: Red}", True, id="texts"),
    pytest.param("when: {sensitivity: private, show_as: oof, importance: high}", "{sensitivity: private, show_as: oof, importance: high}", True, id="Graph's words"),
    pytest.param("when: {starts_between: {from: 09:00, to: 09:01, timezone: UTC}}", "{start: 09:00}", True, id="a time of day"),
    pytest.param("when: {starts_between: {days: sat, from: 09:00, to: 09:01, timezone: UTC}}", "{start: sat 09:00}", True, id="a day of the week"),
    pytest.param("when: {starts_between: {from: 11:00, to: 11:01, timezone: UTC}}", "{start: 2026-12-01 12:00, timezone: Europe/Berlin}", True, id="a day of the calendar, in a zone"),
    pytest.param("when: {starts_in: {at_least: 2h, at_most: 2h}}", "{start: in 2h}", True, id="so much from now"),
    pytest.param("when: {starts_in: {at_least: 24h, at_most: 24h}}", "{start: 2026-12-01 09:00}", True, id="a day ahead where no moment is said"),
    pytest.param("when: {}", "{draft: true}", False, id="a draft"),
    pytest.param("when: {}", "{cancelled: true}", False, id="cancelled"),
    pytest.param("when: {}", "{online: true}", False, id="online already"),
    pytest.param("when: {}", "{body: 'https://zoom.us/j/1'}", False, id="another link"),
]  # fmt: skip


@pytest.mark.parametrize(("rest", "event", "enabled"), ROWS)
def test_a_sketch_stands_for_a_whole_event(rest: str, event: str, enabled: bool, make_policy: Any) -> None:
    """Each row is one word of the sketch, and what a rule makes of it."""
    result = only(make_policy(rule("a", rest, event)))

    assert result.actual is (Action.ENABLE if enabled else Action.SKIP)
    assert result.passed is enabled


@pytest.mark.parametrize("mode", list(Mode))
def test_a_rule_is_tested_as_if_promoted(mode: Mode, make_policy: Any) -> None:
    """A test shows what the rule will do, whatever its mode and active time."""
    rest = f"when: {{}}\n    mode: {mode}\n    active: {{until: 2020-01-01}}"

    assert only(make_policy(rule("a", rest))).passed


def test_a_test_with_a_moment_keeps_to_the_time_of_rules(make_policy: Any) -> None:
    """`at` is how a test asks whether `active` is right."""
    rest = "when: {}\n    active: {from: 2026-06-01, until: 2026-07-01}"
    tests = [rule("a", rest, "{}", "enable", f"at: {day} 12:00") for day in ("2026-06-01", "2026-07-01")]

    assert [only(make_policy(text)).passed for text in tests] == [True, False]


def test_groups_are_what_the_test_says(make_policy: Any) -> None:
    """A group of which it says nothing is not known, so its rule is left open."""
    rest = f"when: {{organizer: {{member_of: {SALES}}}}}"
    with_members = make_policy(rule("a", rest, "{organizer: al}", "enable", f"members: {{{SALES}: [al]}}"))
    silent = make_policy(rule("a", rest, "{organizer: al}", "enable"))

    assert only(with_members).passed
    assert (only(silent).passed, only(silent).decision.reason) == (False, Reason.INSUFFICIENT_DATA)


@pytest.mark.parametrize(
    ("organizer", "guest", "passed"),
    [
        pytest.param("", "bo@fabrikam.com", True, id="no organizer named"),
        pytest.param("organizer: al@fabrikam.com, ", "bo@fabrikam.com", False, id="the organizer's domain is the house"),
    ],
)  # fmt: skip
def test_the_tenants_domains_are_the_organizers(
    organizer: str, guest: str, passed: bool, make_policy: Any
) -> None:
    """With `internal_domains: auto` a test does not need the tenant's domains."""
    text = rule("a", EXTERNAL, f"{{{organizer}attendees: [{guest}]}}")

    assert only(make_policy(f"internal_domains: auto\nrules:\n{text}")).passed is passed


def test_the_expected_action_must_come_from_the_tested_rule(make_policy: Any) -> None:
    """The result names the rule that decided instead."""
    result = only(make_policy("  - {id: broad, when: {}}\n" + rule("narrow", EXTERNAL)))

    assert not result.passed
    assert (result.expected_rule, result.actual_rule) == ("narrow", "broad")
    assert (result.expected, result.actual) == (Action.ENABLE, Action.ENABLE)


def test_an_expected_skip_may_have_any_cause_if_the_rule_enables(make_policy: Any) -> None:
    """Another rule, a guard or no rule at all: the event gets no link."""
    text = "  - {id: never, when: {is_all_day: true}, action: skip}\n" + rule(
        "a", "when: {}", "{all_day: true}", "skip"
    )

    assert only(make_policy(text)).passed


def test_only_wanted_tests_run(make_policy: Any) -> None:
    """In the order of rules and tests."""
    policy = make_policy(rule("a", "when: {}") + rule("b", "when: {}"))

    assert [result.rule.id for result in run_tests(policy)] == ["a", "b"]
    assert [result.rule.id for result in run_tests(policy, wanted=lambda rule, _: rule.id == "b")] == ["b"]


def test_rules_without_tests_are_named(make_policy: Any) -> None:
    """`joinlink test` lists them."""
    policy = make_policy(rule("a", "when: {}") + "  - {id: b, when: {}}")

    assert [without.id for without in rules_without_tests(policy)] == ["b"]


def gaps(policy: Policy) -> list[tuple[str, bool]]:
    return [(gap.condition, gap.if_holds) for gap in coverage_gaps(policy, run_tests(policy))]


def test_a_condition_is_covered_if_tests_depend_on_it_in_both_directions(make_policy: Any) -> None:
    """One test in which all conditions hold does not show what happens if one of them does not."""
    text = """
  - id: a
    when: {external_attendees: {at_least: 1}, any: [{subject: x}, {subject: y}]}
    unless: {has_room: true}
    tests:
      - {name: one, event: {attendees: [bo@x.com], subject: x}, expect: enable}
"""
    second = "      - {name: two, event: {attendees: [bo@x.com], subject: x, rooms: [r]}, expect: skip}\n"
    third = "      - {name: three, event: {attendees: [bo@x.com], subject: z}, expect: skip}\n"
    holding = [("external_attendees", False), ("subject", False)]

    assert gaps(make_policy(text)) == [*holding, ("subject", True), ("subject", False), ("has_room", True)]
    assert gaps(make_policy(text + second)) == [*holding, ("subject", True), ("subject", False)]
    assert gaps(make_policy(text + second + third)) == [("external_attendees", False), ("subject", True)]


def test_a_test_that_does_not_depend_on_the_rule_covers_nothing(make_policy: Any) -> None:
    """If a guard or an earlier rule decides, the rule's conditions do not matter."""
    tests = "tests: [{name: a, event: {attendees: [b@x.com]}, expect: enable}, {name: b, event: {draft: true}, expect: skip}]"
    alone = make_policy(f"  - {{id: a, {EXTERNAL}, {tests}}}")
    behind = make_policy(
        f"  - {{id: first, action: skip, when: {{subject: x}}}}\n"
        f"  - {{id: a, {EXTERNAL}, {tests.replace('draft: true', 'subject: x')}}}"
    )

    for policy in (alone, behind):
        results = run_tests(policy)
        assert all(result.passed for result in results)
        assert [gap.if_holds for gap in coverage_gaps(policy, results)] == [False]


def test_a_test_fails_if_it_is_unknown_whether_its_rule_matches(make_policy: Any) -> None:
    """A test without the members of a group does not pass, although the event is skipped."""
    skips = f"action: skip\n    when: {{organizer: {{member_of: {SALES}}}}}"
    forgotten = only(make_policy(rule("a", skips, "{organizer: al}", "skip")))
    named = only(make_policy(rule("a", skips, "{organizer: al}", "skip", f"members: {{{SALES}: [al]}}")))

    assert (forgotten.passed, forgotten.decision.reason) == (False, Reason.INSUFFICIENT_DATA)
    assert named.passed


def test_a_rule_without_tests_has_no_gaps(make_policy: Any) -> None:
    """It is listed as a rule without tests."""
    assert gaps(make_policy("  - {id: a, when: {has_room: true}}")) == []


SKETCH = EventSketch(attendees=("bo@fabrikam.com",), start=TimeOfDay(timedelta(hours=9)), recurring=True)


@settings(max_examples=150, deadline=None)
@given(policy=policies())
def test_a_test_has_the_result_of_decide(policy: Policy) -> None:
    """A rule test uses the decision of the worker, with a policy in which everything is promoted."""
    rule = policy.rules[0]
    test = RuleTest(name="n", event=SKETCH, expect=Action.ENABLE)
    result = run_test(policy, rule, test)
    promoted = Policy(
        rules=tuple(line.rule for line in result.explanation.rules),
        hash=policy.hash,
        internal_domains=policy.internal_domains,
        skip_drafts=policy.skip_drafts,
    )
    now = SKETCH.moment(None)
    event = SKETCH.event(now=now, company="contoso.com")

    facts = Facts(tenant_domains=frozenset({"contoso.com"}), department="")
    decision = decide(event, promoted, facts, now)

    assert result.decision == decision
    assert (result.actual is Action.ENABLE) == (decision.verdict is Verdict.ENABLE)
    assert decision.verdict is not Verdict.WOULD_ENABLE


def test_a_sketch_becomes_an_event_as_graph_returns_it() -> None:
    """Times are in UTC, and colleagues have the company's domain."""
    now = SKETCH.moment(None)
    event = SKETCH.event(now=now, company="contoso.com")

    assert now == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert (event.start, event.end) == (now + timedelta(hours=25), now + timedelta(hours=25, minutes=30))
    assert (event.organizer, event.type) == ("organizer@contoso.com", "seriesMaster")
    assert event.attendees == (Attendee(address="bo@fabrikam.com"),)


def negated(condition: Condition, path: tuple[int, ...]) -> Condition:
    """Return the condition with the opposite of the leaf at the end of the path."""
    if not path:
        opposite = none_of(condition, condition.place)
        return replace(opposite, name=condition.name, expected=condition.expected, children=())
    children = tuple(
        negated(child, path[1:]) if number == path[0] else child
        for number, child in enumerate(condition.children)
    )
    if condition.name == "not":
        return none_of(children[0], condition.place)
    return (all_of if condition.name == "all" else any_of)(children, condition.place)


def leaves(condition: Condition, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Condition]]:
    """Yield each leaf with the path to it."""
    if condition.name not in {"all", "any", "not"}:
        yield path, condition
    for number, child in enumerate(condition.children):
        yield from leaves(child, (*path, number))


@settings(max_examples=150, deadline=None)
@given(policy=policies(), sketches=st.lists(SKETCHES, min_size=1, max_size=4), members=st.booleans())
def test_a_covered_condition_can_not_be_negated_unnoticed(
    policy: Policy, sketches: list[EventSketch], members: bool
) -> None:
    """For any rules: if a condition is negated, a test fails if the condition is covered, and none if it is not."""
    rule, groups = policy.rules[-1], {GROUP: frozenset({"al@contoso.com"})} if members else {}
    drawn = [
        RuleTest(name=str(number), event=event, expect=expect, members=groups)
        for number, event in enumerate(sketches)
        for expect in Action
    ]
    results = [result for test in drawn if (result := run_test(policy, rule, test)).passed]
    assume(results)
    gaps = [(gap.condition, gap.expected) for gap in coverage_gaps(policy, results)]
    every = [
        (leaf.name, leaf.expected) for when in (rule.when, rule.unless) if when for _, leaf in leaves(when)
    ]

    for path, leaf in leaves(rule.when):
        if every.count((leaf.name, leaf.expected)) > 1:
            continue  # gaps identify conditions by name and expected value
        other = replace(rule, when=negated(rule.when, path))
        changed = replace(policy, rules=(*policy.rules[:-1], other))
        noticed = not all(run_test(changed, other, result.test).passed for result in results)
        open_directions = gaps.count((leaf.name, leaf.expected))

        assert noticed or open_directions > 0
        assert not noticed or open_directions < 2
