"""`joinlink validate`: find mistakes in rule files, and show which rules write."""

from pathlib import Path
from typing import Annotated

import typer

from cli import group_names, rule_files
from cli.desk_options import SettingsFile
from cli.formats import Format, github, junit, problems_json, sarif, text
from cli.output import AsJson, Exit, Refused, print_json
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
    online: Annotated[
        bool, typer.Option("--online", help="Also find the groups of the rules in the directory.")
    ] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Find mistakes in rule files, and show which rules write.

    Each PATH is a folder, which is one policy as in the cloud, or a file, which is checked alone. Default:
    the folder rules.

    --online signs in to Graph, as explain does, and prints the ids of groups that the rules name by their
    names, and the names of those that they name by id. Only ids load.

    Exit code 0: there are no errors. 1: there are errors or, with --strict, warnings; with --online, Graph
    fails or has no such group. 2: wrong arguments, or a path does not exist.
    """
    form = Format.JSON if as_json else form
    if online and form not in (Format.TEXT, Format.JSON):
        raise Refused("--online writes text or --json: use it without --format")
    sets = rule_files.load(paths or [])
    if form is not Format.JSON:
        _print(form, sets, strict=strict)
    groups = _find_groups(sets, settings) if online else []
    if form is Format.JSON:
        found = {"groups": group_names.documents(groups)} if online else {}
        print_json(problems_json.documents(sets) | found)
    elif online:
        group_names.show(groups)
    is_missing = any(each.is_missing for each in groups)
    raise typer.Exit(Exit.ERRORS if is_missing or _fails(sets, strict=strict) else Exit.OK)


def _find_groups(sets: list[LoadedRules], settings: Path | None) -> list[group_names.FoundGroups]:
    """Return the groups of the rules, as they are in the directory."""
    from cli.desk import open_desk  # noqa: PLC0415 -- takes long to import, and only --online needs it

    with open_desk(settings) as desk:
        return group_names.find_groups(sets, desk.graph())


def _print(form: Format, sets: list[LoadedRules], *, strict: bool) -> None:
    match form:
        case Format.TEXT:
            text.print_problems(sets)
        case Format.GITHUB:
            github.print_problems(sets, strict=strict)
        case Format.JUNIT:
            junit.print_problems(sets, strict=strict)
        case Format.SARIF:
            sarif.print_problems(sets, strict=strict)


def _fails(sets: list[LoadedRules], *, strict: bool) -> bool:
    return any(strict or problem.severity is Severity.ERROR for each in sets for problem in each.problems)
