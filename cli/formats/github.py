"""Problems and failing tests as GitHub's workflow commands, shown next to the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Sequence

from cli.clean import flat
from cli.rule_files import LoadedRules
from cli.rule_test_results import RuleTestResults, expectation, outcome
from shared.rule_files.problems import Severity
from shared.rules.policy import Rule, RuleTest


def print_problems(sets: Sequence[LoadedRules], *, strict: bool = False) -> None:
    """Print a command for each problem; `strict` shows warnings as errors."""
    for rules in sets:
        for problem in rules.problems:
            severity = Severity.ERROR if strict else problem.severity
            place = f"file={_property(problem.file)},line={problem.line},col={problem.column}"
            print(f"::{severity} {place},title=Joinlink rules::{_data(problem.message)}")


def print_tests(results: Sequence[RuleTestResults], *, require_tests: bool) -> None:
    """Print a command for each test that fails, each rule without tests, and each problem."""
    print_problems([each.rules for each in results if each.rules.policy is None])
    for each in results:
        for failed in each.failures:
            result = f"{failed.test.name}: expected {expectation(failed)}; actual {outcome(failed)}"
            print(_failure(each, failed.test, f'rule "{failed.rule.id}": {result}'))
        for rule in each.rules_without_tests if require_tests else ():
            print(_failure(each, rule, f'rule "{rule.id}": it has no tests'))


def _failure(results: RuleTestResults, at: Rule | RuleTest, message: str) -> str:
    place = f"file={_property(results.file(at))},line={results.line(at)}"
    return f"::error {place},title=Joinlink tests::{_data(message)}"


def _data(text: str) -> str:
    return flat(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
