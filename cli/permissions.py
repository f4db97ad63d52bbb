"""`joinlink permissions`: list the permissions that the rules need."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cli import lines, rule_files
from cli.lines import Line
from cli.output import AsJson, console, print_json
from shared.desk.permissions import needed_permissions
from shared.domain.decision import Mode
from shared.rules.policy import Policy


def permissions(
    rules: Annotated[Path, typer.Argument(metavar="PATH", hidden=True)] = rule_files.DEFAULT,
    *,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Leave out the permission to write.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the Graph permissions that the rules need, and why.

    PATH is a folder or a file with rules. Default: the folder rules.

    The permission to write is listed even while no rule is in enforce mode: a token that was issued before
    a grant may be used for a day, so grant it before you need it.

    Exit code 0: listed. 1: the rules have errors. 2: the path does not exist.
    """
    policy = _as_if_enforced(rule_files.load_one(rules))
    needed = [*needed_permissions(policy, report_only=report_only)]
    if as_json:
        print_json({"permissions": [{"name": each.name, "purpose": each.purpose} for each in needed]})
        return
    lines.show(console(), [Line(Text(each.name), Text(each.purpose)) for each in needed])


def _as_if_enforced(policy: Policy) -> Policy:
    rules = tuple(replace(rule, mode=Mode.ENFORCE) for rule in policy.rules if rule.mode is not Mode.OFF)
    return replace(policy, rules=rules)
