import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def output() -> tuple[dict[str, Any], str]:
    """What the product makes of a condition of which only the fact and the row were added."""
    command = [sys.executable, "-m", "tests.rule_files.new_condition"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 -- our own script
    results, _, schema_command = ran.stdout.partition("\n")
    return json.loads(results), schema_command


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        pytest.param("valid", [], id="the loader reads it"),
        pytest.param(
            "misspelt",
            [
                (
                    'x.yaml:3:18: rule "a": unknown condition "optional_atendees" '
                    '(did you mean "optional_attendees"?)'
                )
            ],
            id="a misspelt name gets a suggestion",
        ),
        pytest.param(
            "synonym",
            ['x.yaml:3:18: rule "a": unknown condition "optional" (did you mean "optional_attendees"?)'],
            id="a synonym gets a suggestion",
        ),
        pytest.param(
            "misplaced",
            ['x.yaml:3:21: rule "a": unknown key "optional_attendees"; it belongs under when or unless'],
            id="the wrong place gets a hint",
        ),
        pytest.param(
            "contradiction",
            [
                (
                    'x.yaml:3:53: rule "a": this can never hold together with '
                    "optional_attendees at least 2 in line 3"
                )
            ],
            id="the checks know what it implies",
        ),
        pytest.param(
            "unreached",
            [
                (
                    'x.yaml:4:3: warning: rule "b": the rule is never reached: rule "a" (x.yaml:3) is before it '
                    "and decides about every event that it matches"
                )
            ],
            id="the checks find an unreached rule",
        ),
        pytest.param("reached", [], id="the checks know that it can be unknown"),
        pytest.param(
            "explained", ["optional_attendees", "at least 2", "2", True], id="explain shows the event's value"
        ),
        pytest.param("schema", ["anyOf", "defaultSnippets", "description", "title"], id="editors know it"),
        pytest.param("reference", True, id="the documents describe it"),
    ],
)
def test_a_new_condition_needs_only_its_row_and_its_fact(
    output: tuple[dict[str, Any], str], what: str, expected: object
) -> None:
    """Everything else reads the catalogue."""
    results, _ = output

    assert results[what] == expected


def test_the_schema_command_explains_a_new_condition(output: tuple[dict[str, Any], str]) -> None:
    """With its description, its form and its example."""
    _, schema_command = output

    assert schema_command.startswith("optional_attendees, a condition, in when and unless\n")
    assert "How many people are invited as optional.\n" in schema_command
    assert schema_command.endswith("    optional_attendees: {at_least: 1}\n")
