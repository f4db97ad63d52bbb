"""`joinlink validate`: find mistakes in rule files, and show which rules write."""

from pathlib import Path
from typing import Annotated

import typer

from cli import rule_files
from cli.formats import Format, github, junit, problems_json, sarif, text
from cli.output import AsJson, Exit
from cli.rule_files import LoadedRules
from shared.rule_files.problems import Severity


def validate(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH", hidden=True)] = None,
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="text for people; github, junit or sarif for tools. json is --json.",
        ),
    ] = Format.TEXT,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for warnings, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find mistakes in rule files, and show which rules write.

    Each PATH is a folder, which is one policy as in the cloud, or a file, which is checked alone. Default:
    the folder rules.

    Exit code 0: there are no errors. 1: there are errors or, with --strict, warnings. 2: wrong arguments, or
    a path does not exist.
    """
    sets = rule_files.load(paths or [])
    _print(Format.JSON if as_json else form, sets, strict=strict)
    raise typer.Exit(Exit.ERRORS if _fails(sets, strict=strict) else Exit.OK)


def _print(form: Format, sets: list[LoadedRules], *, strict: bool) -> None:
    match form:
        case Format.TEXT:
            text.print_problems(sets)
        case Format.JSON:
            problems_json.print_problems(sets)
        case Format.GITHUB:
            github.print_problems(sets, strict=strict)
        case Format.JUNIT:
            junit.print_problems(sets, strict=strict)
        case Format.SARIF:
            sarif.print_problems(sets, strict=strict)


def _fails(sets: list[LoadedRules], *, strict: bool) -> bool:
    return any(strict or problem.severity is Severity.ERROR for each in sets for problem in each.problems)
