"""Every command prints its result as JSON in the same way."""

import json
from typing import Any

import pytest
import typer

from cli.app import app
from tests.cli.samples import RULES

GROUP: Any = typer.main.get_command(app)


@pytest.mark.parametrize("name", GROUP.list_commands(None))
def test_every_command_takes_json(name: str) -> None:
    """With the one option of `cli.output.AsJson`, so that nobody must look it up."""
    options = {flag: option for option in GROUP.get_command(None, name).params for flag in option.opts}

    assert "--json" in options
    assert options["--json"].help == "Print the result as JSON, for scripts."


@pytest.mark.parametrize(
    ("arguments", "ends", "keys"),
    [
        pytest.param(["init", "--yes"], 0, {"written"}, id="init"),
        pytest.param(["validate", "good"], 0, {"problems", "policies"}, id="validate"),
        pytest.param(["validate", "bad"], 1, {"problems", "policies"}, id="validate with errors"),
        pytest.param(["permissions", "good"], 0, {"permissions"}, id="permissions"),
        pytest.param(["schema", "duration"], 0, {"keys"}, id="a key of the schema"),
    ],
)
def test_json_is_all_that_is_on_stdout(
    arguments: list[str], ends: int, keys: set[str], joinlink: Any, write: Any
) -> None:
    """A script can parse stdout as it is; the exit code is the same as without --json."""
    write(**{"good/a.yaml": RULES, "bad/a.yaml": "version: 2\n"})
    plain = joinlink(*arguments, *(["--force"] if "init" in arguments else []))
    result = joinlink(*arguments, "--json", *(["--force"] if "init" in arguments else []))

    assert (result.exit, plain.exit) == (ends, ends)
    assert json.loads(result.out).keys() == keys


def test_results_of_tests_have_all_that_the_text_shows(joinlink: Any, write: Any) -> None:
    """A failing test has its place, what was expected, what happened, and each condition."""
    write(**{"rules/a.yaml": RULES})
    document = json.loads(joinlink("test", "--json").out)
    [failed] = [test for test in document["tests"] if not test["passed"]]
    [rule] = [rule for rule in failed["rules"] if rule["rule"] == failed["rule"]]

    assert (document["passed"], document["failed"], document["problems"]) == (2, 1, [])
    assert (failed["name"], failed["file"], failed["line"]) == ("not in the boardroom", "rules/a.yaml", 21)
    assert (failed["expected"], failed["expected_rule"]) == ("enable", "external")
    assert (failed["actual"], failed["reason"], failed["guard"]) == ("skip", "no_rule_matched", None)
    assert (rule["active"], rule["asked"], rule["unless"]["holds"]) == ("always", "yes", True)
    assert document["rules_without_tests"] == [{"rule": "later", "file": "rules/a.yaml", "line": 25}]
    gaps = {(gap["condition"], gap["missing"]) for gap in document["not_covered"]}
    assert ("subject", "not met") in gaps


def test_problems_of_rules_are_in_the_results_of_tests(joinlink: Any, write: Any) -> None:
    """They explain why no test ran."""
    write(**{"rules/a.yaml": "version: 2\n"})
    document = json.loads(joinlink("test", "--json").out)

    assert document["tests"] == []
    assert [problem["text"] for problem in document["problems"]] == ["version is 1, but this is the number 2"]


def test_the_schema_itself_is_json_with_and_without_the_option(joinlink: Any) -> None:
    """It is for editors."""
    assert json.loads(joinlink("schema", "--json").out) == json.loads(joinlink("schema").out)
