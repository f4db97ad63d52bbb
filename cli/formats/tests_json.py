"""Test results as one JSON object, for scripts."""

from collections.abc import Sequence
from typing import Any

from cli.formats import explain_json, problems_json
from cli.output import print_json
from cli.rule_test_results import RuleTestResults
from shared.rules.policy import Rule
from shared.rules.rule_test_coverage import CoverageGap
from shared.rules.rule_tests import RuleTestResult


def print_tests(results: Sequence[RuleTestResults]) -> None:
    """Print each test, what the tests do not cover, and the problems of policies with errors."""
    broken = [each.rules for each in results if each.rules.policy is None]
    ran = sum(len(each.ran) for each in results)
    failed = sum(len(each.failures) for each in results)
    print_json(
        {
            "tests": [_test(each, result) for each in results for result in each.ran],
            "passed": ran - failed,
            "failed": failed,
            "rules_without_tests": [
                _rule(each, rule) for each in results for rule in each.rules_without_tests
            ],
            "not_covered": [_gap(gap) for each in results for gap in each.coverage_gaps],
            "problems": [problems_json.document(problem) for rules in broken for problem in rules.problems],
        }
    )


def _test(results: RuleTestResults, result: RuleTestResult) -> dict[str, Any]:
    guard = result.explanation.deciding_guard
    return {
        "rule": result.rule.id,
        "name": result.test.name,
        "file": results.file(result.test),
        "line": results.line(result.test),
        "passed": result.passed,
        "expected": result.expected,
        "expected_rule": result.expected_rule,
        "actual": result.actual,
        "actual_rule": result.actual_rule,
        "reason": result.decision.reason,
        "guard": guard.reason if guard else None,
        "rules": [] if result.passed else [explain_json.rule(each) for each in result.explanation.rules],
    }


def _rule(results: RuleTestResults, rule: Rule) -> dict[str, Any]:
    return {"rule": rule.id, "file": results.file(rule), "line": results.line(rule)}


def _gap(gap: CoverageGap) -> dict[str, Any]:
    return {
        "rule": gap.rule.id,
        "condition": gap.condition,
        "expected": gap.expected,
        "missing": "met" if gap.if_holds else "not met",
    }
