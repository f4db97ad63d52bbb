"""The results of the tests of one policy."""

import re
from dataclasses import dataclass
from typing import Self

from cli.decision_lines import NOT_EVALUATED
from cli.rule_files import LoadedRules
from shared.rules.policy import Rule, RuleTest
from shared.rules.rule_test_coverage import CoverageGap, coverage_gaps, rules_without_tests
from shared.rules.rule_tests import RuleTestResult, run_tests


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestResults:
    """The results of tests, and what the tests do not cover; the latter only if all tests ran.

    A policy with errors has no results, and fails.
    """

    rules: LoadedRules
    ran: tuple[RuleTestResult, ...] = ()
    coverage_gaps: tuple[CoverageGap, ...] = ()
    rules_without_tests: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, rules: LoadedRules, pattern: re.Pattern[str] | None) -> Self:
        """Run the policy's tests, or those whose `rule: name` matches the pattern."""
        policy = rules.policy
        if policy is None:
            return cls(rules=rules)
        if pattern is not None:
            ran = run_tests(policy, wanted=lambda rule, test: bool(pattern.search(f"{rule.id}: {test.name}")))
            return cls(rules=rules, ran=ran)
        ran = run_tests(policy)
        return cls(
            rules=rules,
            ran=ran,
            coverage_gaps=coverage_gaps(policy, ran),
            rules_without_tests=rules_without_tests(policy),
        )

    @property
    def failures(self) -> tuple[RuleTestResult, ...]:
        """The tests that failed."""
        return tuple(result for result in self.ran if not result.passed)

    def place(self, at: Rule | RuleTest) -> str:
        """Return the file of a rule or a test as the admin gave it, with the line."""
        return f"{self.file(at)}:{self.line(at)}"

    def file(self, at: Rule | RuleTest) -> str:
        """Return the file of a rule or a test as the admin gave it."""
        return self.rules.names.get(at.file, at.file)

    @staticmethod
    def line(at: Rule | RuleTest) -> int:
        """Return the line of a rule or a test."""
        return at.line if isinstance(at, Rule) else at.place.line

    def failed(self, *, require_tests: bool) -> bool:
        """Whether the command fails for this policy."""
        return (
            self.rules.policy is None
            or bool(self.failures)
            or (require_tests and bool(self.rules_without_tests))
        )


def expectation(result: RuleTestResult) -> str:
    """Return what the test expects, such as `enable, by external`."""
    return f"{result.expected}, by {result.expected_rule}" if result.expected_rule else f"{result.expected}"


def outcome(result: RuleTestResult) -> str:
    """Return the actual result, such as `skip (no_rule_matched; external is not active yet)`."""
    decided = f", by {result.actual_rule}" if result.actual_rule else ""
    reason = "" if result.actual_rule and not result.is_match_unknown else result.decision.reason
    details = "; ".join(filter(None, (reason, _why_not_evaluated(result))))
    return f"{result.actual}{decided}" + (f" ({details})" if details else "")


def _why_not_evaluated(result: RuleTestResult) -> str:
    """Return why the expected rule was not evaluated; empty if it was, or if a guard decides before it."""
    for each in result.explanation.rules if result.explanation.deciding_guard is None else ():
        if each.rule.id == result.expected_rule and each.status in NOT_EVALUATED:
            return f"{each.rule.id} {NOT_EVALUATED[each.status]}"
    return ""
