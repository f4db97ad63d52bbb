"""Runs the tests inside rules: does each rule do what its tests expect?

A test runs against the whole policy with everything promoted: rules in report mode count, and the rule under
test counts even if it is off. Active times of rules are ignored unless the test sets `at`, so that a test has
the same result next year. With `internal_domains: auto`, the company's domain is the domain of the organizer,
or contoso.com if the organizer has none.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

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

_EXAMPLE_DOMAIN = "contoso.com"
#: with these reasons a decision names a rule of which it is unknown whether it matches
_UNKNOWN_MATCH = frozenset((Reason.INSUFFICIENT_DATA, Reason.AWAITING_DATA))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestInput:
    """What a test decides on: an event, the promoted policy, facts and the time (aware)."""

    event: Event
    policy: Policy
    facts: Facts
    now: datetime

    def decide_with(self, rule: Rule, matched: Truth) -> Decision:
        """Return the decision as it would be if `rule` matched, did not match, or were unknown."""
        fixed = Condition(name="all", expected="", holds=lambda _facts: matched, place=Position(rule.line, 1))
        changed = replace(self.policy.rule(rule.id), when=fixed, unless=None)
        rules = tuple(changed if each.id == rule.id else each for each in self.policy.rules)
        return decide(self.event, replace(self.policy, rules=rules), self.facts, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestResult:
    """The result of one test."""

    rule: Rule
    test: RuleTest
    input: RuleTestInput
    explanation: Explanation

    @property
    def decision(self) -> Decision:
        """The decision under test."""
        return self.explanation.decision

    @property
    def actual(self) -> Action:
        """The action that was decided."""
        return _action(self.decision)

    @property
    def expected(self) -> Action:
        """The action that the test expects."""
        return self.test.expect

    @property
    def expected_rule(self) -> str | None:
        """The rule that must decide: the test's own rule if its action is expected; None if any may."""
        return self.rule.id if self.expected is self.rule.action else None

    @property
    def actual_rule(self) -> str | None:
        """The rule that decided; None if a guard or no rule did."""
        return self.decision.rule

    @property
    def passed(self) -> bool:
        """Whether the action is the expected one, by the expected rule."""
        return self._is_expected(self.decision)

    @property
    def is_match_unknown(self) -> bool:
        """Whether the decision names a rule of which it is unknown whether it matches."""
        return self.decision.reason in _UNKNOWN_MATCH

    def would_pass(self, matched: Truth) -> bool:
        """Return whether the test would pass if its rule matched, did not match, or were unknown."""
        return self._is_expected(self.input.decide_with(self.rule, matched))

    def _is_expected(self, decision: Decision) -> bool:
        if _action(decision) is not self.expected:
            return False
        if self.expected_rule is None:
            return True
        return decision.rule == self.expected_rule and decision.reason not in _UNKNOWN_MATCH


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
    company = _company_domain(policy, test)
    now = test.event.moment(test.at)
    given = RuleTestInput(
        event=test.event.event(now=now, company=company),
        policy=_promoted(policy, rule, keep_active_times=test.at is not None),
        facts=Facts(
            tenant_domains=frozenset({company}),
            members=_members(test, company),
            department=test.event.department,
        ),
        now=now,
    )
    explanation = explain(given.event, given.policy, given.facts, now)
    return RuleTestResult(rule=rule, test=test, input=given, explanation=explanation)


def _company_domain(policy: Policy, test: RuleTest) -> str:
    if policy.internal_domains is AUTO or not policy.internal_domains:
        return domain_of(test.event.organizer) or _EXAMPLE_DOMAIN
    exact = (domain for domain in policy.internal_domains if not domain.startswith("*."))
    return next(exact, policy.internal_domains[0].replace("*", "mail"))


def _members(test: RuleTest, company: str) -> dict[str, frozenset[str]]:
    return {
        group: frozenset(name if "@" in name else f"{name}@{company}" for name in names)
        for group, names in test.members.items()
    }


def _promoted(policy: Policy, tested: Rule, *, keep_active_times: bool) -> Policy:
    """Return the policy with all rules enforced. Of the rules that are off, only the tested one counts."""
    rules = tuple(
        replace(
            rule,
            mode=Mode.OFF if rule.mode is Mode.OFF and rule.id != tested.id else Mode.ENFORCE,
            active=rule.active if keep_active_times else None,
        )
        for rule in policy.rules
    )
    return replace(policy, rules=rules)


def _action(decision: Decision) -> Action:
    return Action.ENABLE if decision.verdict is Verdict.ENABLE else Action.SKIP
