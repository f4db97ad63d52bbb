"""What the tests of rules do not cover: rules without tests, and conditions that no test depends on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.rules.explain import ConditionResult, RuleResult
from shared.rules.policy import Policy, Rule
from shared.rules.rule_tests import RuleTestResult
from shared.rules.truth import Truth, all_hold, any_holds, negation


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageGap:
    """A condition for which no test of its rule shows what happens if the condition holds, or does not."""

    rule: Rule
    condition: str
    expected: str
    #: True if no test shows what happens if the condition holds; False: if it does not hold
    if_holds: bool


def rules_without_tests(policy: Policy) -> tuple[Rule, ...]:
    """Return the rules that have no tests."""
    return tuple(rule for rule in policy.rules if not rule.tests)


def coverage_gaps(policy: Policy, results: Sequence[RuleTestResult]) -> tuple[CoverageGap, ...]:
    """Return the gaps that the tests of each rule leave. `results` are those of all tests.

    A test covers a condition if the test passes, and would fail if the condition had the opposite result.
    """
    return tuple(
        gap
        for rule in policy.rules
        if (own := [result for result in results if result.rule.id == rule.id])
        for gap in _gaps(rule, own)
    )


def _gaps(rule: Rule, tests: Sequence[RuleTestResult]) -> Iterator[CoverageGap]:
    rule_results = [
        result for test in tests for result in test.explanation.rules if result.rule.id == rule.id
    ]
    passing = [
        {matched for matched in (True, False, None) if test.passed and test.would_pass(matched)}
        for test in tests
    ]
    for leaves in zip(*(_leaves(result) for result in rule_results), strict=True):
        covered = {
            leaf.holds
            for leaf, result, accepted in zip(leaves, rule_results, passing, strict=True)
            if leaf.holds is not None and accepted and _matched_with_opposite(result, leaf) not in accepted
        }
        for if_holds in (True, False):
            if if_holds not in covered:
                first = leaves[0]
                yield CoverageGap(rule=rule, condition=first.name, expected=first.expected, if_holds=if_holds)


def _leaves(result: RuleResult) -> tuple[ConditionResult, ...]:
    unless = () if result.unless is None else tuple(result.unless.leaves())
    return (*result.when.leaves(), *unless)


def _matched_with_opposite(result: RuleResult, changed: ConditionResult) -> Truth:
    """Return whether the rule would match if one of its conditions had the opposite result."""
    when = _holds_with_opposite(result.when, changed)
    unless = False if result.unless is None else _holds_with_opposite(result.unless, changed)
    return all_hold((when, negation(unless)))


def _holds_with_opposite(result: ConditionResult, changed: ConditionResult) -> Truth:
    if result is changed:
        return negation(result.holds)
    children = [_holds_with_opposite(child, changed) for child in result.children]
    match result.name:
        case "all":
            return all_hold(children)
        case "any":
            return any_holds(children)
        case "not":
            return negation(children[0])
        case _:
            return result.holds
