"""Problems for people: place, text, and the line with a caret under it; then what the rules do."""

import re
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from cli import lines
from cli.clean import flat
from cli.lines import Line
from cli.output import console, counted
from cli.rule_files import LoadedRules
from shared.domain.decision import Mode
from shared.rule_files.problems import Problem, Severity
from shared.rules.policy import Policy, Rule

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "warn"}
#: columns to the left of a source line, for its number and a bar
_GUTTER = 6
#: the rest of the word at the caret
_WORD_REST = re.compile(r"[\w.@*%/$+-]*")


def print_problems(sets: Sequence[LoadedRules]) -> None:
    """Print all problems, a summary, and what the valid policies do."""
    out = console()
    print_each(out, sets)
    if any(rules.problems for rules in sets):
        out.print(_summary(sets))
    for rules in sets:
        if rules.policy is not None:
            _print_policy(out, rules, rules.policy)


def print_each(out: Console, sets: Sequence[LoadedRules]) -> None:
    """Print all problems."""
    for rules in sets:
        for problem in rules.problems:
            _print_problem(out, problem, rules.source_line(problem))


def _print_problem(out: Console, problem: Problem, source: str) -> None:
    place = flat(f"{problem.file}:{problem.line}:{problem.column}:")
    rest = flat(str(problem)).removeprefix(place)
    out.print(Text.assemble((place, "place"), (rest, _STYLES[problem.severity])))
    if source and not out.soft_wrap:
        _print_source(out, problem, source)
        out.print()


def _print_source(out: Console, problem: Problem, source: str) -> None:
    """Print the line with a caret under the column; if the line is long, the part around the column."""
    room = out.width - _GUTTER - 3
    start = max(0, problem.column - 1 - room // 2) if len(source) > room else 0
    shown = "".join(letter if letter.isprintable() else " " for letter in source[start : start + room])
    before = Text(shown[: problem.column - 1 - start]).cell_len
    tail = shown[problem.column - start :]
    rest = _WORD_REST.match(tail)
    under = "^" + "~" * (Text(rest[0]).cell_len if rest else 0)
    caret = Text.assemble((" " * _GUTTER + "│ ", "dim"), " " * before, (under, _STYLES[problem.severity]))
    out.print(Text.assemble((f"{problem.line:>{_GUTTER - 1}} │ ", "dim"), shown), no_wrap=True)
    out.print(caret, no_wrap=True)


def _summary(sets: Sequence[LoadedRules]) -> Text:
    found = Counter(problem.severity for rules in sets for problem in rules.problems)
    files = sum(len(rules.contents) for rules in sets)
    text = Text(f"{counted(found[Severity.ERROR], 'error')}", "bad" if found[Severity.ERROR] else "")
    if found[Severity.WARNING]:
        text.append(", ").append(counted(found[Severity.WARNING], "warning"), "warn")
    return text.append(f" in {counted(files, 'file')}.", "none")


def _print_policy(out: Console, rules: LoadedRules, policy: Policy) -> None:
    files = counted(len(rules.contents), "file")
    out.print(
        Text.assemble(
            ("✓ ", "good"),
            (rules.path.as_posix(), "place"),
            f": {counted(len(policy.rules), 'rule')} in {files}, policy {policy.hash}",
        )
    )
    width = max((len(rule.id) for rule in policy.rules), default=0)
    for rule in policy.rules:
        effect = _effect(rules, rule)
        line = Text.assemble(
            (f"{rule.mode:<9}", {Mode.ENFORCE: "good", Mode.OFF: "dim"}.get(rule.mode, "")),
            (f"{rule.id:<{width}}  ", "rule"),
            f"{rule.action}",
            (f"  {effect}" if effect else "", "dim"),
        )
        lines.show(out, [Line(line)], indent=4)
    lines.show(out, [Line(Text(_writing_rules(rules, policy)))], indent=2)


def _effect(rules: LoadedRules, rule: Rule) -> str:
    if rule.mode is not Mode.ENFORCE:
        return ""
    if not rule.is_evaluated(rules.now):
        return "not active today"
    return "adds links" if rules.writes(rule) else "keeps events as they are"


def _writing_rules(rules: LoadedRules, policy: Policy) -> str:
    writing = [rule.id for rule in policy.rules if rules.writes(rule)]
    if not writing:
        return "These rules write nothing: no rule with action: enable is in enforce mode and active today."
    return f"Rules that add join links: {', '.join(writing)}."
