"""`python -m cli.reference`: write what is generated in docs, the reference of rules and the JSON Schema."""

from pathlib import Path

from cli import rule_schema
from cli.language import CONDITIONS, EVENT_KEYS, FILE_KEYS, JOINS, RULE_KEYS, TEST_KEYS, Word

BEGIN, END = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"
_DOCS = Path(__file__).parents[1] / "docs"


def generated(docs: Path = _DOCS) -> dict[Path, str]:
    """Return what the generated files should hold, by their paths."""
    page, schema = docs / "rules.md", docs / "rules.schema.json"
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return {page: f"{before}{BEGIN}\n{reference()}\n{END}{after}", schema: rule_schema.text()}


def reference() -> str:
    """Return the reference as Markdown."""
    return "\n".join(
        [
            _table("Keys of a file", FILE_KEYS),
            _table("Keys of a rule", RULE_KEYS),
            "### Conditions\n",
            "In `when` and `unless`. All keys of a block must hold; these join blocks:\n",
            _rows(JOINS),
            *map(_condition, CONDITIONS),
            _table("Keys of a test", TEST_KEYS),
            _table("What a test says of its event", EVENT_KEYS),
        ]
    )


def _table(title: str, words: tuple[Word, ...]) -> str:
    return f"### {title}\n\n{_rows(words)}"


def _rows(words: tuple[Word, ...]) -> str:
    rows = "\n".join(f"| `{word.name}` | {word.description} | `{_cell(word.example)}` |" for word in words)
    return f"| key | what it says | example |\n| --- | --- | --- |\n{rows}\n"


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
