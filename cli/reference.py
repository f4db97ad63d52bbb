"""`python -m cli.reference`: write what is generated in docs, the reference of rules and the JSON Schema."""

from collections.abc import Sequence
from pathlib import Path

from cli import rule_schema
from cli.language import CONDITIONS, EVENT_KEYS, FILE_KEYS, JOINS, RULE_KEYS, TEST_KEYS
from cli.word import Word

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
