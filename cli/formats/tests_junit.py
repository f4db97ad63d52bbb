"""Test results as cases of a JUnit report."""

from collections.abc import Iterator, Sequence

from cli.formats.junit import JunitCase
from cli.rule_test_results import RuleTestResults, expectation, outcome
from shared.rule_files.problems import Severity
from shared.rules.rule_tests import RuleTestResult


def cases(results: Sequence[RuleTestResults], *, require_tests: bool) -> list[JunitCase]:
    """Return a case for each test, each error of a policy, and if required each rule without tests."""
    return [case for each in results for case in _cases(each, require_tests=require_tests)]


def _cases(results: RuleTestResults, *, require_tests: bool) -> Iterator[JunitCase]:
    if results.rules.policy is None:
        for problem in results.rules.problems:
            if problem.severity is Severity.ERROR:
                yield JunitCase(name=problem.message, file=problem.file, failure=str(problem))
    for result in results.ran:
        yield _case(results, result)
    for rule in results.rules_without_tests if require_tests else ():
        place = f"{results.place(rule)}: it has none"
        yield JunitCase(
            name=f"{rule.id}: has tests", file=results.file(rule), failure="it has none", detail=place
        )


def _case(results: RuleTestResults, result: RuleTestResult) -> JunitCase:
    test = result.test
    message = f"expected {expectation(result)}; actual {outcome(result)}"
    return JunitCase(
        name=f"{result.rule.id}: {test.name}",
        file=results.file(test),
        failure="" if result.passed else message,
        detail=f"{results.place(test)}: {message}",
    )
