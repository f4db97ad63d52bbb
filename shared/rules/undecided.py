"""Conditions that the tests of their rule leave open: turned round, no test would notice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.rules.explain import ConditionLine, RuleLine
from shared.rules.policy import Policy, Rule
from shared.rules.rule_tests import RuleTestResult
from shared.rules.truth import Truth, all_hold, any_holds, negation


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A condition of which no test of its rule shows that the outcome hangs on it.

    `holding` is True where no test shows it holding, False where none shows it failing.
    """

    rule: Rule
    condition: str
    expected: str
    holding: bool


def undecided(policy: Policy, results: Sequence[RuleTestResult]) -> tuple[Undecided, ...]:
    """Return the conditions of tested rules that their own tests leave open.

    A condition is decided where one test hangs on its holding and another on its failing: were it the other
    way round, the rule would answer differently, and the test would not pass.
    """
    return tuple(
        gap
        for rule in policy.rules
        if (own := [result for result in results if result.rule.id == rule.id])
        for gap in _gaps(rule, own)
    )


def _gaps(rule: Rule, results: Sequence[RuleTestResult]) -> Iterator[Undecided]:
    lines = [line for result in results for line in result.explanation.rules if line.rule.id == rule.id]
    passing = [
        {truth for truth in (True, False, None) if result.passed and result.would_pass(truth)}
        for result in results
    ]
    for leaves in zip(*(_leaves(line) for line in lines), strict=True):
        decided = {
            leaf.holds
            for leaf, line, truths in zip(leaves, lines, passing, strict=True)
            if leaf.holds is not None and truths and _matched(line, leaf) not in truths
        }
        for holding in (True, False):
            if holding not in decided:
                first = leaves[0]
                yield Undecided(rule=rule, condition=first.name, expected=first.expected, holding=holding)


def _leaves(line: RuleLine) -> tuple[ConditionLine, ...]:
    unless = () if line.unless is None else tuple(line.unless.leaves())
    return (*line.when.leaves(), *unless)


def _matched(line: RuleLine, flipped: ConditionLine) -> Truth:
    when = _truth(line.when, flipped)
    unless = False if line.unless is None else _truth(line.unless, flipped)
    return all_hold((when, negation(unless)))


def _truth(line: ConditionLine, flipped: ConditionLine) -> Truth:
    if line is flipped:
        return negation(line.holds)
    truths = [_truth(child, flipped) for child in line.children]
    match line.name:
        case "all":
            return all_hold(truths)
        case "any":
            return any_holds(truths)
        case "not":
            return negation(truths[0])
        case _:
            return line.holds
