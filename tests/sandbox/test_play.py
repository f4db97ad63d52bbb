import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer

from cli.app import app
from sandbox.azurite import Azurite
from sandbox.play.__main__ import PILOT_GROUP, RULES, contoso, environment, write_environment
from sandbox.play.lines import commands_of_joinlink, lines_to_copy
from shared.rule_files.loader import RuleFile, load_policy
from shared.rules.rule_tests import run_tests

ROOT = Path(__file__).parents[2]
GROUP: Any = typer.main.get_command(app)


def test_every_command_has_a_line_to_copy_with_options_that_exist() -> None:
    """Also one that was added since."""
    commands = [*commands_of_joinlink(), "a-new-command"]
    lines = list(lines_to_copy(commands, folder="build/play-2", mailbox="M", event="E", group="G"))
    used = [(line.split()[1], word) for line in lines for word in line.split() if word.startswith("--")]
    known = {
        (name, flag)
        for name in GROUP.list_commands(None)
        for option in GROUP.get_command(None, name).params
        for flag in option.opts
    }

    assert commands[:-1] == GROUP.list_commands(None)
    assert list(dict.fromkeys(line.split()[1] for line in lines)) == commands
    assert set(used) - known == {("a-new-command", "--help")}
    assert "joinlink validate build/play-2/rules" in lines


def test_the_rules_have_no_problems_and_pass_their_tests() -> None:
    """They are the first rules that a person changes here."""
    loaded = load_policy([RuleFile("rules/contoso.yaml", RULES.read_bytes())])

    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.policy is not None
    assert PILOT_GROUP in loaded.policy.groups
    assert all(result.passed for result in run_tests(loaded.policy))


def test_a_command_in_another_terminal_finds_the_app(azurite: Azurite, tmp_path: Path) -> None:
    """By the file of settings alone, which a shell reads and nobody else can."""
    file = tmp_path / "env"
    with contoso(azurite, tmp_path) as (played, tenant):
        write_environment(file, environment(played))
        script = f'. {file}; exec {sys.executable} -m cli "$@"'
        mailbox, event = tenant.example

        def joinlink(*arguments: str) -> Any:
            ran = subprocess.run(  # noqa: S603 -- ours
                ["sh", "-c", script, "sh", *arguments, "--json"],  # noqa: S607 -- the system's
                cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert "Traceback" not in ran.stderr
            return json.loads(ran.stdout)

        assert joinlink("status")["mailboxes"]["in_scope"] == len(tenant.people) + 1  # and a room
        explained = joinlink("explain", "--mailbox", mailbox, "--event-id", event)
        assert [rule["rule"] for rule in explained["rules"]] == ["opted-out", "pilot", "external-meetings"]
        assert explained["rules"][1]["matched"] is True
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
