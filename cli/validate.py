"""`joinlink validate`: are the rule files right, and what would be in force with them?"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import rule_files
from cli.formats import as_json, github, junit, sarif, text
from cli.output import Exit
from cli.rule_files import RuleSet
from shared.rule_files.problems import Severity


class Format(StrEnum):
    """Whom the answer is for."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    JUNIT = "junit"
    SARIF = "sarif"


_TOLD: dict[Format, Callable[[list[RuleSet]], None]] = {
    Format.TEXT: text.problems,
    Format.JSON: as_json.problems,
}
#: with `strict`, these show warnings as errors: what a tool shows is its verdict
_JUDGED: dict[Format, Callable[..., None]] = {
    Format.GITHUB: github.problems,
    Format.JUNIT: junit.problems,
    Format.SARIF: sarif.problems,
}


def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders (each a policy, as in the cloud) and files (each for itself). Default: rules.",
            metavar="PATH",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="text, for people; json, github, junit or sarif, for tools.",
        ),
    ] = Format.TEXT,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail, too.")] = False,
) -> None:
    """Find everything that is wrong with rule files, and say what is in force with them.

    Exit code 0: they are right. 1: they have errors; with --strict, warnings too. 2: wrong arguments, or a
    path that is missing.
    """
    sets = rule_files.load(paths or [])
    if form in _TOLD:
        _TOLD[form](sets)
    else:
        _JUDGED[form](sets, strict=strict)
    raise typer.Exit(Exit.ERRORS if _fails(sets, strict=strict) else Exit.OK)


def _fails(sets: list[RuleSet], *, strict: bool) -> bool:
    return any(strict or problem.severity is Severity.ERROR for each in sets for problem in each.problems)
