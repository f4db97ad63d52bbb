"""`joinlink test`: run the tests inside the rules."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli import rule_files
from cli.formats import github, junit, tests_json, tests_junit, tests_text
from cli.output import AsJson, Exit, Refused, write_file
from cli.rule_test_results import RuleTestResults


def run_tests(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH", hidden=True)] = None,
    form: Annotated[
        Literal["text", "github"],
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="text, for people; github, to mark failing tests in a pull request.",
        ),
    ] = "text",
    *,
    run: Annotated[
        str,
        typer.Option(
            "--run", metavar="PATTERN", help="Run only tests whose `rule: name` matches this pattern."
        ),
    ] = "",
    require_tests: Annotated[
        bool, typer.Option("--require-tests", help="Fail if a rule has no tests.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write a JUnit report, for pipelines.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests inside the rules.

    Each PATH is a folder, which is one policy as in the cloud, or a file, which is tested alone. Default:
    the folder rules.

    Conditions that the tests of their rule do not cover are listed, too.

    Exit code 0: all tests passed. 1: a test failed, or the rules have errors. 2: wrong arguments, or a path
    that does not exist.
    """
    pattern = _pattern(run)
    sets = rule_files.load(paths or [])
    results = [RuleTestResults.of(rules, pattern) for rules in sets]
    if pattern is not None and not any(each.ran or each.rules.policy is None for each in results):
        raise Refused(f'no test matches "{run}"')
    if as_json:
        tests_json.print_tests(results)
    else:
        show = github.print_tests if form == "github" else tests_text.print_tests
        show(results, require_tests=require_tests)
    if report is not None:
        cases = tests_junit.cases(results, require_tests=require_tests)
        write_file(report, junit.document("joinlink test", cases))
    failed = any(each.failed(require_tests=require_tests) for each in results)
    raise typer.Exit(Exit.ERRORS if failed else Exit.OK)


def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text, re.IGNORECASE) if text else None
    except re.error as error:
        raise Refused(f'--run takes a regular expression, and "{text}" is not valid: {error}') from error
