"""Test results as text: each test, and for one that failed, what was expected, the result and the cause."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.clean import flat
from cli.decision_lines import guard_line, rule_lines
from cli.formats import text
from cli.lines import Line
from cli.output import console, counted
from cli.rule_test_results import RuleTestResults, expectation, outcome
from shared.rules.policy import Rule
from shared.rules.rule_tests import RuleTestResult

_INDENT = 8
_MET = "no test shows what happens when it is met"
_NOT_MET = "no test shows what happens when it is not met"
_NEITHER = "no test depends on it"


def print_tests(results: Sequence[RuleTestResults], *, require_tests: bool) -> None:
    """Print the results, and a summary in the last line."""
    out = console()
    broken = [each.rules for each in results if each.rules.policy is None]
    if broken:
        text.print_each(out, broken)
    for each in results:
        _print_results(out, each)
        _print_gaps(out, each, require_tests=require_tests)
    _print_summary(out, results, broken=len(broken))


def _print_results(out: Console, results: RuleTestResults) -> None:
    for rule, ran in groupby(results.ran, key=lambda result: result.rule):
        lines.show(out, [_heading(results, rule)])
        for result in ran:
            name = Text.assemble(lines.mark(result.passed), f" {flat(result.test.name)}")
            lines.show(out, [Line(name)], indent=4)
            if not result.passed:
                _print_failure(out, results, result)


def _heading(results: RuleTestResults, rule: Rule) -> Line:
    return Line(Text.assemble((rule.id, "rule"), (f"  {flat(results.place(rule))}", "dim")))


def _print_failure(out: Console, results: RuleTestResults, result: RuleTestResult) -> None:
    lines.show(
        out,
        [
            Line(Text("expected"), Text(expectation(result), "good")),
            Line(Text("actual"), Text(outcome(result), "bad")),
            Line(Text("at"), Text(results.place(result.test), "dim")),
        ],
        indent=_INDENT,
    )
    lines.show(out, list(_cause(result)), indent=_INDENT)
    out.print()


def _cause(result: RuleTestResult) -> Iterator[Line]:
    """Yield the guard that decided; or the rule that decided, and the one that was expected to."""
    explanation = result.explanation
    if explanation.deciding_guard is not None:
        yield guard_line(explanation.deciding_guard, decides=True)
        return
    for each in explanation.rules:
        if each.rule.id in {result.actual_rule, result.expected_rule}:
            decided = "decided" if each.decided else "was expected to decide"
            yield Line(Text.assemble((each.rule.id, "rule"), f" {decided}"))
            yield from rule_lines(each, result.input.now)


def _print_gaps(out: Console, results: RuleTestResults, *, require_tests: bool) -> None:
    if results.rules_without_tests:
        style = "bad" if require_tests else "warn"
        out.print(Text(f"{counted(len(results.rules_without_tests), 'rule')} without tests", style))
        for rule in results.rules_without_tests:
            lines.show(out, [_heading(results, rule)], indent=4)
    if results.coverage_gaps:
        out.print(Text("Conditions that the tests of their rule do not cover", "warn"))
        lines.show(out, list(_gap_lines(results)), indent=4)


def _gap_lines(results: RuleTestResults) -> Iterator[Line]:
    for rule, gaps in groupby(results.coverage_gaps, key=lambda gap: gap.rule):
        yield Line(Text(rule.id, "rule"))
        messages: dict[tuple[str, str], str] = {}
        for gap in gaps:
            key = (gap.condition, gap.expected)
            messages[key] = _NEITHER if key in messages else _MET if gap.if_holds else _NOT_MET
        for (condition, expected), message in messages.items():
            yield Line(Text.assemble("  ", condition, " ", (flat(expected), "dim")), Text(message))


def _print_summary(out: Console, results: Sequence[RuleTestResults], *, broken: int) -> None:
    ran = sum(len(each.ran) for each in results)
    failed = sum(len(each.failures) for each in results)
    summary = Text(f"{counted(ran, 'test')}: {ran - failed} passed, ")
    summary.append(f"{failed} failed", "bad" if failed else "").append(".")
    if broken:
        summary.append(f" {counted(broken, 'policy', 'policies')} with errors.", "bad")
    out.print(summary)
