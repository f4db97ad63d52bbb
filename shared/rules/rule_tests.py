"""The tests that stand inside rules, run: does each rule do what its tests expect?

    results = run_tests(policy)          one RuleTestResult for each test, in the order of the files
    untested(policy)                     rules without tests

A test asks the whole policy as it would be with everything promoted: rules in report mode count, and the
rule under test counts even where it is off. The times in `active` are left aside, unless the test says
`at`, so that a test says the same next year. The event is what the test sketches (see `EventSketch`);
with `internal_domains: auto` the house is the domain of the organizer, contoso.com where none is named.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial

from shared.domain.decision import Action, Decision, Mode, Reason, Verdict
from shared.domain.event import Event
from shared.domain.mail_domains import domain_of
from shared.domain.position import Position
from shared.rules.conditions import Condition
from shared.rules.decide import decide
from shared.rules.explain import Explanation, explain
from shared.rules.facts import Facts
from shared.rules.policy import AUTO, Policy, Rule, RuleTest
from shared.rules.truth import Truth

_EXAMPLE_HOUSE = "contoso.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a test asks: what becomes of the event, by this policy, with these facts, at `now` (aware)."""

    event: Event
    policy: Policy
    facts: Facts
    now: datetime

    def decision(self, rule: Rule, matched: Truth) -> Decision:
        """Return what would be decided if the rule matched, or did not, or could not be told."""
        given = Condition(name="all", expected="", holds=lambda _facts: matched, place=Position(rule.line, 1))
        answered = replace(self.policy.rule(rule.id), when=given, unless=None)
        rules = tuple(answered if each.id == rule.id else each for each in self.policy.rules)
        return decide(self.event, replace(self.policy, rules=rules), self.facts, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestResult:
    """What came of one test.

    Where a test expects its own rule's action, that very rule must decide: `expected_rule` is its id then,
    and None where any rule or none will do. `actual` and `actual_rule` are what was decided, and by which
    rule (None: a guard, or no rule). `explanation` tells everything, its decision is decide()'s.
    """

    rule: Rule
    test: RuleTest
    question: Question
    explanation: Explanation

    @property
    def decision(self) -> Decision:
        """The decision under test."""
        return self.explanation.decision

    @property
    def actual(self) -> Action:
        """What was decided."""
        return _action(self.decision)

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
        return self._is_met_by(self.decision)

    def would_pass(self, matched: Truth) -> bool:
        """Whether the test would pass if its rule matched, or did not, or could not be told."""
        return self._is_met_by(self.question.decision(self.rule, matched))

    def _is_met_by(self, decision: Decision) -> bool:
        if _action(decision) is not self.expected:
            return False
        if self.expected_rule is None:
            return True
        return decision.rule == self.expected_rule and decision.reason not in _OPEN

    @property
    def unexpected(self) -> str | None:
        """The rule that fired where the test did not expect it."""
        return None if self.passed else self.actual_rule


#: a rule that could not be told is named by these; it has not matched
_OPEN = frozenset((Reason.INSUFFICIENT_DATA, Reason.AWAITING_DATA))


def _action(decision: Decision) -> Action:
    return Action.ENABLE if decision.verdict is Verdict.ENABLE else Action.SKIP


def run_tests(
    policy: Policy, *, wanted: Callable[[Rule, RuleTest], bool] | None = None
) -> tuple[RuleTestResult, ...]:
    """Run the tests of all rules, or those that are `wanted`, in their order."""
    promoted = cache(partial(_promoted, policy))
    return tuple(
        _run(policy, rule, test, promoted)
        for rule in policy.rules
        for test in rule.tests
        if wanted is None or wanted(rule, test)
    )


def run_test(policy: Policy, rule: Rule, test: RuleTest) -> RuleTestResult:
    """Run one test of one rule of the policy."""
    return _run(policy, rule, test, partial(_promoted, policy))


def _run(
    policy: Policy, rule: Rule, test: RuleTest, promoted: Callable[[str, bool], Policy]
) -> RuleTestResult:
    house = _house(policy, test)
    now = test.event.moment(test.at)
    event = test.event.event(now=now, company=house)
    members = {
        group: frozenset(name if "@" in name else f"{name}@{house}" for name in names)
        for group, names in test.members.items()
    }
    facts = Facts(tenant_domains=frozenset({house}), members=members)
    counts = rule.id if rule.mode is Mode.OFF else ""
    asked = promoted(counts, test.at is not None)
    question = Question(event=event, policy=asked, facts=facts, now=now)
    explanation = explain(event, question.policy, facts, now)
    return RuleTestResult(rule=rule, test=test, question=question, explanation=explanation)


def _house(policy: Policy, test: RuleTest) -> str:
    if policy.internal_domains is AUTO or not policy.internal_domains:
        return domain_of(test.event.organizer) or _EXAMPLE_HOUSE
    exact = (domain for domain in policy.internal_domains if not domain.startswith("*."))
    return next(exact, policy.internal_domains[0].replace("*", "mail"))


def _promoted(policy: Policy, counts: str, keeps_times: bool) -> Policy:  # noqa: FBT001 -- a cache's key
    """Return the policy with all rules enforced; one that is off only where it is the one that counts."""
    rules = tuple(
        replace(
            rule,
            mode=Mode.OFF if rule.mode is Mode.OFF and rule.id != counts else Mode.ENFORCE,
            active=rule.active if keeps_times else None,
        )
        for rule in policy.rules
    )
    return replace(policy, rules=rules)


def untested(policy: Policy) -> tuple[Rule, ...]:
    """Return the rules without tests."""
    return tuple(rule for rule in policy.rules if not rule.tests)
