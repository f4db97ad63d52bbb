"""Test results for a person: each test, and of one that fails, expected and actual with the reason."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.clean import flat
from cli.formats import text
from cli.lines import Line
from cli.output import console, counted
from cli.results import Results, expectation, outcome
from shared.rules.policy import Rule
from shared.rules.rule_tests import RuleTestResult

_INDENT = 8
_MET = "no test shows what happens when it is met"
_NOT_MET = "no test shows what happens when it is not met"
_NEITHER = "no test shows what it changes"


def show(results: Sequence[Results], *, require_tests: bool) -> None:
    """Print everything, ending in one line that sums it up."""
    out = console()
    broken = [each.rules for each in results if each.rules.policy is None]
    if broken:
        text.print_each(out, broken)
    for each in results:
        _tests(out, each)
        _gaps(out, each, require_tests=require_tests)
    _summary(out, results, broken=len(broken))


def _tests(out: Console, results: Results) -> None:
    for rule, ran in groupby(results.ran, key=lambda result: result.rule):
        lines.show(out, [_placed(results, rule)])
        for result in ran:
            name = Text.assemble(lines.mark(result.passed), f" {flat(result.test.name)}")
            lines.show(out, [Line(name)], indent=4)
            if not result.passed:
                _failure(out, results, result)


def _placed(results: Results, rule: Rule) -> Line:
    return Line(Text.assemble((rule.id, "rule"), (f"  {flat(results.place(rule))}", "dim")))


def _failure(out: Console, results: Results, result: RuleTestResult) -> None:
    lines.show(
        out,
        [
            Line(Text("expected"), Text(expectation(result), "good")),
            Line(Text("actual"), Text(outcome(result), "bad")),
            Line(Text("at"), Text(results.place(result.test), "dim")),
        ],
        indent=_INDENT,
    )
    lines.show(out, list(_why(result)), indent=_INDENT)
    out.print()


def _why(result: RuleTestResult) -> Iterator[Line]:
    """Yield the guard that decided, or the rules that decided and should have decided."""
    explanation = result.explanation
    guard = next((guard for guard in explanation.guards if guard.decided), None)
    if guard is not None:
        yield lines.of_guard(guard)
        return
    for line in explanation.rules:
        if line.rule.id in {result.actual_rule, result.expected_rule}:
            decided = "decided" if line.decided else "was expected to decide"
            yield Line(Text.assemble((line.rule.id, "rule"), f" {decided}"))
            yield from lines.of_rule(line)


def _gaps(out: Console, results: Results, *, require_tests: bool) -> None:
    if results.untested:
        style = "bad" if require_tests else "warn"
        out.print(Text(f"{counted(len(results.untested), 'rule')} without tests", style))
        for rule in results.untested:
            lines.show(out, [_placed(results, rule)], indent=4)
    if results.undecided:
        out.print(Text("Conditions that no test of their rule decides", "warn"))
        lines.show(out, list(_open(results)), indent=4)


def _open(results: Results) -> Iterator[Line]:
    for rule, gaps in groupby(results.undecided, key=lambda gap: gap.rule):
        yield Line(Text(rule.id, "rule"))
        where: dict[tuple[str, str], str] = {}
        for gap in gaps:
            key = (gap.condition, gap.expected)
            where[key] = _NEITHER if key in where else _MET if gap.holding else _NOT_MET
        for (condition, expected), said in where.items():
            yield Line(Text.assemble("  ", condition, " ", (flat(expected), "dim")), Text(said))


def _summary(out: Console, results: Sequence[Results], *, broken: int) -> None:
    ran = sum(len(each.ran) for each in results)
    failed = sum(len(each.failures) for each in results)
    said = Text(f"{counted(ran, 'test')}: {ran - failed} passed, ")
    said.append(f"{failed} failed", "bad" if failed else "").append(".")
    if broken:
        said.append(f" {counted(broken, 'policy', 'policies')} with errors.", "bad")
    out.print(said)
