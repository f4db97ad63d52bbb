"""Problems as GitHub's workflow commands, which it shows beside the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Sequence

from cli.rule_files import RuleSet
from shared.rules.problems import Problem


def problems(sets: Sequence[RuleSet]) -> None:
    """Print a command for each problem."""
    for rules in sets:
        for problem in rules.problems:
            print(annotation(problem))


def annotation(problem: Problem) -> str:
    """Return the command that puts the problem beside its line."""
    place = f"file={_property(problem.file)},line={problem.line},col={problem.column}"
    return f"::{problem.severity} {place},title=Joinlink rules::{_data(problem.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
