"""`python -m cli.reference`: write the generated parts of docs: rules, join links and the JSON Schema."""

from collections.abc import Sequence
from pathlib import Path

from cli import rule_schema
from shared.rule_files.files.conditions import COMBINING_KEYS, CONDITION_KEYS
from shared.rule_files.files.event_sketch import EVENT
from shared.rule_files.files.file import FILE
from shared.rule_files.files.rule import RULE
from shared.rule_files.files.rule_tests import TEST
from shared.rule_files.vocabulary.keys import Key
from shared.rules.links.join_services import PROGRAMS, SERVERS, SERVICES, Service
from shared.rules.links.link_scanners import SCANNERS

BEGIN, END = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"
_DOCS = Path(__file__).parents[1] / "docs"


def generated(docs: Path = _DOCS) -> dict[Path, str]:
    """Return the content of each generated file, by its path."""
    page, schema = docs / "rules.md", docs / "rules.schema.json"
    links = docs / "join-links.md"
    return {page: _fill(page, reference()), links: _fill(links, services()), schema: rule_schema.text()}


def _fill(page: Path, text: str) -> str:
    """Return the page with the text between its marks."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def services() -> str:
    """Return the known services with join links, as Markdown."""
    columns = "service", "hosts and their subdomains", "example", "not a join link", "source"
    titled = {
        "Services": SERVICES,
        "Servers on any host, by their paths": SERVERS,
        "Links that open a program": PROGRAMS,
        "Link scanners that hide the target": SCANNERS,
    }
    return "\n".join(
        f"### {title}\n\n{_table(columns, [_service(row) for row in rows])}" for title, rows in titled.items()
    )


def _service(row: Service) -> tuple[str, ...]:
    hosts, others = (
        ", ".join(f"`{each}`" for each in words.split()) for words in (row.hosts, row.other_pages)
    )
    return row.name, hosts or "any", f"`{row.example}`", others, f"<{row.source}>"


def reference() -> str:
    """Return the reference of the rule language, as Markdown."""
    combining = [(f"`{key.name}`", key.description, f"`{key.example}`") for key in COMBINING_KEYS]
    return "\n".join(
        [
            _section("Keys of a file", FILE.keys),
            _section("Keys of a rule", RULE.keys),
            "### Conditions\n",
            "In `when` and `unless`. All keys of a block must hold; these keys combine blocks:\n",
            _table(("key", "what it says", "example"), combining),
            *map(_condition, CONDITION_KEYS),
            _inside_conditions(),
            _section("Keys of a test", TEST.keys),
            _section("Keys of a test's event", EVENT.keys),
        ]
    )


def _section(title: str, keys: tuple[Key, ...]) -> str:
    rows = [
        row for key in keys for row in (_row(key), *(_row(inner, f"`{key.name}`: ") for inner in key.inner))
    ]
    return f"### {title}\n\n{_table(('key', 'what it says', 'left out', 'example'), rows)}"


def _row(key: Key, prefix: str = "") -> tuple[str, ...]:
    return f"{prefix}`{key.name}`", f"{key.description}{_choices(key)}", key.left_out, f"`{key.example}`"


def _choices(key: Key) -> str:
    choices = [f"`{value}`: {meaning}" if meaning else f"`{value}`" for value, meaning in key.choices.items()]
    return f" {'; '.join(choices)}." if choices else ""


def _condition(key: Key) -> str:
    return (
        f"#### `{key.name}`\n\n{key.description}\n\n{key.form}\n\n"
        f"```yaml\nwhen:\n  {key.name}: {key.example}\n```\n"
    )


def _inside_conditions() -> str:
    """Return the keys inside conditions; keys that several conditions share are there once."""
    conditions: dict[Key, list[str]] = {}
    for condition in CONDITION_KEYS:
        for inner in condition.inner:
            conditions.setdefault(inner, []).append(f"`{condition.name}`")
    rows = [
        (f"`{key.name}`", ", ".join(names), key.description, key.left_out)
        for key, names in conditions.items()
    ]
    return f"#### Keys inside conditions\n\n{_table(('key', 'in', 'what it says', 'left out'), rows)}"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_escape, line))} |\n" for line in lines)


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
