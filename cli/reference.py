"""`python -m cli.reference`: write what is generated in docs: rules, join links and the JSON Schema."""

from collections.abc import Sequence
from pathlib import Path

from cli import rule_schema
from cli.language import CONDITIONS, EVENT_KEYS, FILE_KEYS, JOINS, RULE_KEYS, TEST_KEYS
from cli.word import Word
from shared.rules.links.join_services import PROGRAMS, SERVERS, SERVICES, Service
from shared.rules.links.link_scanners import SCANNERS

BEGIN, END = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"
_DOCS = Path(__file__).parents[1] / "docs"


def generated(docs: Path = _DOCS) -> dict[Path, str]:
    """Return what the generated files should hold, by their paths."""
    page, schema = docs / "rules.md", docs / "rules.schema.json"
    links = docs / "join-links.md"
    return {page: _filled(page, reference()), links: _filled(links, services()), schema: rule_schema.text()}


def _filled(page: Path, text: str) -> str:
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def services() -> str:
    """Return the services whose join links are known, as Markdown."""
    columns = "service", "hosts and their subdomains", "example", "not a join link", "source"
    titled = {
        "Services": SERVICES,
        "Servers on any host, by their paths": SERVERS,
        "Links that open a program": PROGRAMS,
        "Link scanners that hide the target": SCANNERS,
    }
    return "\n".join(
        f"### {title}\n\n{_lines(columns, [_service(row) for row in rows])}" for title, rows in titled.items()
    )


def _service(row: Service) -> tuple[str, ...]:
    hosts, others = (", ".join(f"`{each}`" for each in words.split()) for words in (row.hosts, row.others))
    return row.name, hosts or "any", f"`{row.example}`", others, f"<{row.source}>"


def reference() -> str:
    """Return the reference as Markdown."""
    return "\n".join(
        [
            _table("Keys of a file", FILE_KEYS),
            _table("Keys of a rule", RULE_KEYS),
            "### Conditions\n",
            "In `when` and `unless`. All keys of a block must hold; these join blocks:\n",
            _lines(
                ("key", "what it says", "example"),
                [(f"`{word.name}`", word.description, f"`{word.example}`") for word in JOINS],
            ),
            *map(_condition, CONDITIONS),
            _inside(),
            _table("Keys of a test", TEST_KEYS),
            _table("What a test says of its event", EVENT_KEYS),
        ]
    )


def _table(title: str, words: tuple[Word, ...]) -> str:
    rows = [row for word in words for row in (_row(word), *(_row(inner, word) for inner in word.inner))]
    return f"### {title}\n\n{_lines(('key', 'what it says', 'left out', 'example'), rows)}"


def _row(word: Word, around: Word | None = None) -> tuple[str, ...]:
    name = f"`{around.name}`: `{word.name}`" if around else f"`{word.name}`"
    return name, f"{word.description}{_values(word)}", word.left_out, f"`{word.example}`"


def _values(word: Word) -> str:
    told = [f"`{value}`: {meaning}" if meaning else f"`{value}`" for value, meaning in word.values.items()]
    return f" {'; '.join(told)}." if told else ""


def _inside() -> str:
    """Return the keys inside conditions; those that several conditions share stand there once."""
    shared = {word.inner: "" for word in CONDITIONS if word.inner}
    for inner in shared:
        shared[inner] = ", ".join(f"`{word.name}`" for word in CONDITIONS if word.inner == inner)
    rows = [
        (f"`{word.name}`", where, word.description, word.left_out)
        for inner, where in shared.items()
        for word in inner
    ]
    return f"#### Keys inside conditions\n\n{_lines(('key', 'in', 'what it says', 'left out'), rows)}"


def _lines(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _condition(word: Word) -> str:
    return (
        f"#### `{word.name}`\n\n{word.description}\n\n{word.form}\n\n"
        f"```yaml\nwhen:\n  {word.name}: {word.example}\n```\n"
    )


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
