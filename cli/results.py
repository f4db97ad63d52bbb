"""What came of the tests of one policy."""

import re
from dataclasses import dataclass
from typing import Self

from cli.rule_files import LoadedRules
from shared.rules.policy import Rule, RuleTest
from shared.rules.rule_tests import RuleTestResult, run_tests, untested
from shared.rules.undecided import Undecided, undecided


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The tests that ran; what they leave open is told only where all of them ran.

    A policy with errors has no results, and fails.
    """

    rules: LoadedRules
    ran: tuple[RuleTestResult, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    untested: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, rules: LoadedRules, pattern: re.Pattern[str] | None) -> Self:
        """Run the policy's tests, or those that the pattern finds in `rule: name`."""
        policy = rules.policy
        if policy is None:
            return cls(rules=rules)
        if pattern is not None:
            ran = run_tests(policy, wanted=lambda rule, test: bool(pattern.search(f"{rule.id}: {test.name}")))
            return cls(rules=rules, ran=ran)
        ran = run_tests(policy)
        return cls(rules=rules, ran=ran, undecided=undecided(policy, ran), untested=untested(policy))

    @property
    def failures(self) -> tuple[RuleTestResult, ...]:
        """The tests that failed."""
        return tuple(result for result in self.ran if not result.passed)

    def place(self, at: Rule | RuleTest) -> str:
        """Return the file of a rule or a test as the admin named it, with its line."""
        return f"{self.file(at)}:{self.line(at)}"

    def file(self, at: Rule | RuleTest) -> str:
        """Return the file of a rule or a test as the admin named it."""
        return self.rules.names.get(at.file, at.file)

    @staticmethod
    def line(at: Rule | RuleTest) -> int:
        """Return the line of a rule or a test."""
        return at.line if isinstance(at, Rule) else at.place.line

    def failed(self, *, require_tests: bool) -> bool:
        """Whether the command fails for this policy."""
        return self.rules.policy is None or bool(self.failures) or (require_tests and bool(self.untested))


def expectation(result: RuleTestResult) -> str:
    """Return what the test expects: `enable, by this rule`."""
    return f"{result.expected}, by {result.expected_rule}" if result.expected_rule else f"{result.expected}"


def outcome(result: RuleTestResult) -> str:
    """Return what came of it instead: `skip (no_rule_matched)`."""
    decided = f", by {result.actual_rule}" if result.actual_rule else ""
    reason = "" if result.actual_rule and not _is_telling(result) else f" ({result.decision.reason})"
    return f"{result.actual}{decided}{reason}"


def _is_telling(result: RuleTestResult) -> bool:
    """Whether the reason says more than the rule does."""
    return result.decision.reason in {"insufficient_data", "awaiting_data"}
