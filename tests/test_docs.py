"""What the docs say of logs and decisions is what the code says."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

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
            # A ** would hide keys from this test and from the reader.
            yield node.func.attr, str(name), {str(keyword.arg) for keyword in node.keywords}


def documented() -> dict[str, set[str]]:
    """Return the keys of each event in docs/logs.md."""
    sections = re.split(r"^### `([\w.]+)`$", (ROOT / "docs/logs.md").read_text(), flags=re.MULTILINE)[1:]
    return {
        name: set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
        for name, text in zip(sections[::2], sections[1::2], strict=True)
    }


def test_every_event_and_key_in_the_log_is_documented() -> None:
    """And nothing is documented that the code does not say."""
    said: dict[str, set[str]] = defaultdict(set)
    for method, name, keys in log_calls():
        assert method in LEVELS
        said[name] |= keys

    assert documented() == said


def test_every_event_has_a_query() -> None:
    """An admin can copy it."""
    sections = re.split(r"^### ", (ROOT / "docs/logs.md").read_text(), flags=re.MULTILINE)[1:]

    assert [section.splitlines()[0] for section in sections if "```kusto" not in section] == []


def test_every_outcome_and_reason_is_explained() -> None:
    """The lists are closed: "unknown" is not on them."""
    text = (ROOT / "docs/decisions.md").read_text()
    outcomes, reasons = text.split("\n## Reasons\n")
    table = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)

    assert table.findall(outcomes) == list(Outcome)
    assert sorted(table.findall(reasons)) == sorted(Reason)


def test_guards_are_explained_in_the_order_in_which_they_run() -> None:
    """The first that holds decides, so the order is part of the promise."""
    guards = [guard.reason for guard in GUARDS]
    reasons = (ROOT / "docs/decisions.md").read_text().split("\n## Reasons\n")[1]

    assert re.findall(r"^\| `(\w+)` \|", reasons, flags=re.MULTILINE)[: len(guards)] == guards
    assert list(Reason)[: len(guards)] == guards
