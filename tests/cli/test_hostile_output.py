"""Text from others contains no commands for a terminal or a pipeline when it is printed."""

import ast
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cli import clean
from tests.cli.conftest import Joinlink
from tests.cli.graph_json import of_event
from tests.cli.test_explain import EVENT
from tests.hostile import HOSTILE, MARK, obeyed

CLI = Path(__file__).parent.parent.parent / "cli"
OURS = ("::error file=", "::warning file=")


def rules(text: str) -> str:
    """Rules with a hostile text in every place that can have one, in YAML."""
    quoted = json.dumps(f"a{text}")
    return f"""
version: 1
internal_domains: [contoso.com]
lists: {{partners: [fabrikam.com]}}
rules:
  - id: external
    description: {quoted}
    mode: report
    when: {{subject: {quoted}, categories: [{quoted}], external_attendees: {{at_least: 1}}}}
    tests:
      - {{name: {quoted}, event: {{subject: {quoted}, attendees: [bo@fabrikam.com]}}, expect: skip}}
"""


def broken(text: str) -> str:
    """Refused rules with the text in the values that errors show."""
    quoted = json.dumps(f"a{text}")
    return f"version: 1\nrules:\n  - id: {quoted}\n    mode: {quoted}\n    when: {{{quoted}: 1}}\n"


each = pytest.mark.parametrize("text", [pytest.param(text, id=repr(text)[1:-1][:24]) for text in HOSTILE])


def named(folder: Path, text: str, content: str) -> str:
    """Write a rule file in a folder, both with hostile names; return the folder's name for the command line."""
    safe = text.replace("/", "")
    (folder / f"{safe}r").mkdir()
    (folder / f"{safe}r" / f"{safe}.yaml").write_text(content)
    return f"{safe}r"


@each
@pytest.mark.parametrize("make", [rules, broken])
@pytest.mark.parametrize("form", ["text", "json", "github", "junit", "sarif"])
def test_validate_prints_no_commands(
    folder: Path, joinlink: Joinlink, make: Callable[[str], str], form: str, text: str
) -> None:
    """In file names, texts of rules, and quotes of them in errors."""
    path = named(folder, text, make(text))
    result = joinlink("validate", "--format", form, "--", path)

    assert obeyed(result.out, but=OURS if form == "github" else ()) == obeyed(result.err) == []
    if form == "github":
        problems = json.loads(joinlink("validate", "--format", "json", "--", path).out)["problems"]
        assert len(result.out.splitlines()) == len(problems)
    if form in {"json", "sarif"}:
        json.loads(result.out)
    if form == "junit":
        ET.fromstring(result.out)  # noqa: S314 -- our own


@each
@pytest.mark.parametrize("form", ["text", "github"])
def test_test_prints_no_commands(folder: Path, joinlink: Joinlink, form: str, text: str) -> None:
    """In names of tests, and in what they expect and get."""
    path = named(folder, text, rules(text))
    result = joinlink("test", "--format", form, "--junit", "report.xml", "--", path)

    assert obeyed(result.out, but=OURS if form == "github" else ()) == obeyed(result.err) == []
    assert obeyed((folder / "report.xml").read_text()) == []


@each
@pytest.mark.parametrize("more", [pytest.param([], id="text"), pytest.param(["--json"], id="json")])
def test_explain_prints_no_commands(folder: Path, joinlink: Joinlink, more: list[str], text: str) -> None:
    """In subject, organizer, categories and places of an event."""
    (folder / "rules").mkdir()
    (folder / "rules" / "r.yaml").write_text(rules(""))
    shown = of_event(replace(EVENT, id=text, subject=text, categories=(text,), sensitivity=text))
    shown["organizer"] = {"emailAddress": {"name": text, "address": f"{text}@contoso.com"}}
    (folder / "event.json").write_text(json.dumps(shown))
    result = joinlink("explain", "--event", "event.json", *more)

    assert result.exit == 0, result
    assert obeyed(result.out) == obeyed(result.err) == []
    if more:
        json.loads(result.out)


@each
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["validate", "--", "{}"], id="a path"),
        pytest.param(["validate", "--format", "{}"], id="a choice"),
        pytest.param(["validate", "--{}"], id="an option"),
        pytest.param(["{}"], id="a command"),
        pytest.param(["schema", "{}"], id="a key"),
        pytest.param(["test", "--run", "{}("], id="a pattern"),
        pytest.param(["explain", "--event", "{}"], id="a file"),
        pytest.param(["explain", "--event", "-", "--at", "{}"], id="a time"),
        pytest.param(["init", "{}"], id="a file to write"),
        pytest.param(["init", "r.yaml", "--yes", "--domain", "{}"], id="a domain"),
        pytest.param(["backfill", "--all", "--dry-run", "--until", "{}"], id="a period"),
    ],
)
def test_errors_contain_no_commands(joinlink: Joinlink, arguments: list[str], text: str) -> None:
    """Arguments are cleaned when they are quoted: a script may take them from file names."""
    result = joinlink(*(word.replace("{}", text) for word in arguments))

    assert result.exit != 0
    assert obeyed(result.out) == obeyed(result.err) == []


@each
def test_json_parses_to_the_same(text: str) -> None:
    """Escapes do not change the value."""
    assert json.loads(clean.as_json({text: [text]})) == {text: [text]}
    assert obeyed(clean.as_json({text: [text]})) == []


def test_commands_print_in_one_place() -> None:
    """All output goes through `cli.output`, which cleans it."""
    prints = {
        path.relative_to(CLI).as_posix()
        for path in CLI.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"print", "typer.echo", "sys.stdout.write"}
    }

    # These are our schema, an empty line, and two formats with their own escapes.
    assert prints == {"app.py", "formats/github.py", "formats/junit.py", "output.py", "schema.py"}
    assert MARK
