"""The tests that stand inside rules, run: does each rule do what its tests expect, and do they show it all?

    results = run_tests(policy)          one RuleTestResult for each test, in the order of the files
    undecided(policy, results)           conditions that a rule's own tests leave open
    untested(policy)                     rules without tests

A test asks the whole policy as it would be with everything promoted: rules in report mode count, and the
rule under test counts even where it is off. The times in `active` are left aside, unless the test says
`at`, so that a test says the same next year. The event is what the test sketches (see `EventSketch`);
with `internal_domains: auto` the house is the domain of the organizer, contoso.com where none is named.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shared.domain.decision import Action, Decision, Mode, Verdict
from shared.rules.domains import domain_of
from shared.rules.event_facts import Truth
from shared.rules.explain import ConditionLine, Explanation, RuleLine, explain
from shared.rules.facts import Facts
from shared.rules.policy import AUTO, Policy, Rule, RuleTest

_EXAMPLE_HOUSE = "contoso.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestResult:
    """What came of one test.

    Where a test expects its own rule's action, that very rule must decide: `expected_rule` is its id then,
    and None where any rule or none will do. `actual` and `actual_rule` are what was decided, and by which
    rule (None: a guard, or no rule). `explanation` tells everything, its decision is decide()'s.
    """

    rule: Rule
    test: RuleTest
    actual: Action
    explanation: Explanation

    @property
    def decision(self) -> Decision:
        """The decision under test."""
        return self.explanation.decision

    @property
    def expected(self) -> Action:
        """What the test expects."""
        return self.test.expect

    @property
    def expected_rule(self) -> str | None:
        """The rule that must decide, None where any or none will do."""
        return self.rule.id if self.expected is self.rule.action else None

    @property
    def actual_rule(self) -> str | None:
        """The rule that decided, None where a guard or no rule at all did."""
        return self.decision.rule

    @property
    def passed(self) -> bool:
        """Whether the outcome is the expected one, by the expected rule."""
        return self.actual is self.expected and self.expected_rule in {None, self.actual_rule}

    @property
    def unexpected(self) -> str | None:
        """The rule that fired where the test did not expect it."""
        return None if self.passed else self.actual_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A condition of which no test of its rule shows that the outcome hangs on it.

    `holding` is True where no test shows it holding, False where none shows it failing.
    """

    rule: Rule
    condition: str
    expected: str
    holding: bool


def run_tests(
    policy: Policy, *, wanted: Callable[[Rule, RuleTest], bool] | None = None
) -> tuple[RuleTestResult, ...]:
    """Run the tests of all rules, or those that are `wanted`, in their order."""
    return tuple(
        run_test(policy, rule, test)
        for rule in policy.rules
        for test in rule.tests
        if wanted is None or wanted(rule, test)
    )


def run_test(policy: Policy, rule: Rule, test: RuleTest) -> RuleTestResult:
    """Run one test of one rule of the policy."""
    house = _house(policy, test)
    now = test.event.moment(test.at)
    event = test.event.event(now=now, house=house)
    members = {
        group: frozenset(name if "@" in name else f"{name}@{house}" for name in names)
        for group, names in test.members.items()
    }
    facts = Facts(tenant_domains=frozenset({house}), members=members)
    explanation = explain(event, _promoted(policy, rule, test), facts, now)
    actual = Action.ENABLE if explanation.decision.verdict is Verdict.ENABLE else Action.SKIP
    return RuleTestResult(rule=rule, test=test, actual=actual, explanation=explanation)


def _house(policy: Policy, test: RuleTest) -> str:
    if policy.internal_domains is AUTO or not policy.internal_domains:
        return domain_of(test.event.organizer) or _EXAMPLE_HOUSE
    exact = (domain for domain in policy.internal_domains if not domain.startswith("*."))
    return next(exact, policy.internal_domains[0].replace("*", "mail"))


def _promoted(policy: Policy, under_test: Rule, test: RuleTest) -> Policy:
    rules = tuple(
        replace(
            rule,
            mode=Mode.OFF if rule.mode is Mode.OFF and rule.id != under_test.id else Mode.ENFORCE,
            active=rule.active if test.at is not None else None,
        )
        for rule in policy.rules
    )
    return replace(policy, rules=rules)


def untested(policy: Policy) -> tuple[Rule, ...]:
    """Return the rules without tests."""
    return tuple(rule for rule in policy.rules if not rule.tests)


def undecided(policy: Policy, results: Sequence[RuleTestResult]) -> tuple[Undecided, ...]:
    """Return the conditions of tested rules that their own tests leave open.

    A condition is decided where one test shows the rule hang on its holding and another on its failing:
    were it the other way round, the rule would answer differently.
    """
    return tuple(
        gap
        for rule in policy.rules
        if (own := [result for result in results if result.rule.id == rule.id])
        for gap in _gaps(rule, own)
    )


def _gaps(rule: Rule, results: Sequence[RuleTestResult]) -> Iterator[Undecided]:
    lines = [line for result in results for line in result.explanation.rules if line.rule.id == rule.id]
    for leaves in zip(*(_leaves(line) for line in lines), strict=True):
        decided = {leaf.holds for leaf, line in zip(leaves, lines, strict=True) if _hangs_on(line, leaf)}
        for holding in (True, False):
            if holding not in decided:
                first = leaves[0]
                yield Undecided(rule=rule, condition=first.name, expected=first.expected, holding=holding)


def _leaves(line: RuleLine) -> tuple[ConditionLine, ...]:
    unless = () if line.unless is None else tuple(line.unless.leaves())
    return (*line.when.leaves(), *unless)


def _hangs_on(line: RuleLine, leaf: ConditionLine) -> bool:
    return leaf.holds is not None and _matched(line, leaf) is not line.matched


def _matched(line: RuleLine, flipped: ConditionLine) -> Truth:
    when = _truth(line.when, flipped)
    unless = False if line.unless is None else _truth(line.unless, flipped)
    return _all_of((when, _not(unless)))


def _truth(line: ConditionLine, flipped: ConditionLine) -> Truth:
    if line is flipped:
        return _not(line.holds)
    truths = [_truth(child, flipped) for child in line.children]
    match line.name:
        case "all":
            return _all_of(truths)
        case "any":
            return _not(_all_of(map(_not, truths)))
        case "not":
            return _not(truths[0])
        case _:
            return line.holds


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all_of(truths: Iterable[Truth]) -> Truth:
    found = tuple(truths)
    return False if False in found else None if None in found else True
