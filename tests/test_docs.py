"""The docs agree with the code about logs, decisions, links and commands."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import typer

from cli.app import app
from shared.desk.prove.questions import QUESTIONS
from shared.domain.decision import Outcome, Reason
from shared.rules.guards import GUARDS

ROOT = Path(__file__).parent.parent
LEVELS = {"debug", "info", "warning", "error", "log"}


def log_calls() -> Iterator[tuple[str, str, set[str]]]:
    """Yield method, event name and keys of every call `logger().<method>(...)` in the product."""
    for path in chain((ROOT / "shared").rglob("*.py"), (ROOT / "functions").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            made_by = node.func.value
            if not (isinstance(made_by, ast.Call) and ast.unparse(made_by) == "logger()"):
                continue
            [name] = [a.value for a in node.args if isinstance(a, ast.Constant)]
            # ** would hide keys from this test and from readers.
            yield node.func.attr, str(name), {str(keyword.arg) for keyword in node.keywords}


def documented() -> dict[str, set[str]]:
    """Return the keys of each event in docs/logs.md."""
    sections = re.split(r"^### `([\w.]+)`$", (ROOT / "docs/logs.md").read_text(), flags=re.MULTILINE)[1:]
    return {
        name: set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
        for name, text in zip(sections[::2], sections[1::2], strict=True)
    }


def test_every_event_and_key_in_the_log_is_documented() -> None:
    """And every documented one exists."""
    logged: dict[str, set[str]] = defaultdict(set)
    for method, name, keys in log_calls():
        assert method in LEVELS
        logged[name] |= keys

    assert documented() == logged


def test_every_event_has_a_query() -> None:
    """An admin can copy the query."""
    sections = re.split(r"^### ", (ROOT / "docs/logs.md").read_text(), flags=re.MULTILINE)[1:]

    assert [section.splitlines()[0] for section in sections if "```kusto" not in section] == []


def test_every_outcome_and_reason_is_explained() -> None:
    """The lists are complete: there is no "unknown"."""
    text = (ROOT / "docs/decisions.md").read_text()
    outcomes, reasons = text.split("\n## Reasons\n")
    table = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)

    assert table.findall(outcomes) == list(Outcome)
    assert sorted(table.findall(reasons)) == sorted(Reason)


def test_every_reason_is_listed_with_its_level() -> None:
    """Alerts and filters use the level, so an admin must be able to look it up."""
    reasons = (ROOT / "docs/decisions.md").read_text().split("\n## Reasons\n")[1]
    levels = re.findall(r"^\| `(\w+)` \| (\w+) \|", reasons, flags=re.MULTILINE)

    assert dict(levels) == {reason.value: reason.level.value for reason in Reason}


def test_guards_are_explained_in_the_order_in_which_they_run() -> None:
    """The first guard that holds decides, so the order matters."""
    guards = list(GUARDS)
    reasons = (ROOT / "docs/decisions.md").read_text().split("\n## Reasons\n")[1]

    assert re.findall(r"^\| `(\w+)` \|", reasons, flags=re.MULTILINE)[: len(guards)] == guards
    assert list(Reason)[: len(guards)] == guards


def pages() -> dict[Path, str]:
    """Return the text of every page for admins."""
    found = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
    return {path: path.read_text() for path in found}


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_has_a_target() -> None:
    """A file of the repository, and a heading in it."""
    texts = pages()
    broken = []
    for page, text in texts.items():
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            if not path.exists() or (anchor and anchor not in anchors(path.read_text())):
                broken.append(f"{page.name}: {target}")

    assert broken == []


def test_every_command_in_the_docs_exists() -> None:
    """With each of its options."""
    group: Any = typer.main.get_command(app)
    commands = {name: group.get_command(None, name) for name in group.list_commands(None)}
    known = {name: {flag for one in each.params for flag in one.opts} for name, each in commands.items()}
    lines = re.findall(
        r"(?:`|^\$ |^)joinlink ([a-z]+)([^`#|>\n]*)", "\n".join(pages().values()), re.MULTILINE
    )
    used = {(name, flag) for name, rest in lines for flag in re.findall(r"--[a-z-]+", rest)}

    assert {name for name, _rest in lines} == set(known)
    assert {(name, flag) for name, flag in used if flag not in known[name]} == set()


def test_what_a_tenant_can_prove_is_a_row_of_the_command() -> None:
    """docs/unproven.md and `joinlink prove` have the same rows, in the same words."""
    first_table = (ROOT / "docs/unproven.md").read_text().split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| .+ \| `([\w-]+)` \|$", first_table, flags=re.MULTILINE)

    assert {row: relies for relies, row in rows} == {each.id: each.relies for each in QUESTIONS}
    assert len(rows) == len(QUESTIONS)


def test_assumptions_that_are_not_proven_name_existing_code() -> None:
    """If a tenant behaves differently, the code to change is known."""
    named = re.findall(r"`(\w+(?:\.\w+)?)` in `([\w/]+\.py)`", (ROOT / "docs/unproven.md").read_text())

    assert named
    assert [
        (name, path) for name, path in named if name.rpartition(".")[2] not in (ROOT / path).read_text()
    ] == []
