"""`joinlink schema`: the rule language for editors, or one word of it for a person."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.text import Text

from cli import lines, rule_schema
from cli.editor import plain_text
from cli.language import CONDITIONS, EVENT_KEYS, FILE_KEYS, JOINS, RULE_KEYS, TEST_KEYS
from cli.lines import Line
from cli.output import Refused, console
from cli.word import Word
from shared.rule_files.reading.suggestions import suggest


def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="WORD",
            help="A condition or another key: duration, limits, per_hour, sweep.every.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of rule files, or explain one word with an example.

    Keep the schema beside your rules, as rules.schema.json, and begin each file with
    "# yaml-language-server: $schema=rules.schema.json": then editors that know YAML help with every key.
    """
    if name is None:
        print(rule_schema.text(), end="")
        return
    found = [entry for entry in _entries() if name in entry.names]
    if not found:
        known = [entry.word.name for entry in _entries()]
        near = suggest(name, known)
        meant = f'did you mean "{near}"?' if near else f"known are {', '.join(sorted(set(known)))}"
        raise Refused(f'there is no "{name}" in rule files; {meant}')
    out = console()
    for number, entry in enumerate(found):
        if number:
            out.print()
        _explain(out, entry)


class _Entry(NamedTuple):
    """A word, where it may stand, and the names that it is found by."""

    word: Word
    place: str
    names: set[str]


#: where a word may stand
_PLACES: dict[str, tuple[Word, ...]] = {
    "a condition, in when and unless": CONDITIONS,
    "joins conditions, in when and unless": JOINS,
    "a key of a rule": RULE_KEYS,
    "a key of a rule file": FILE_KEYS,
    "a key of a test": TEST_KEYS,
    "a key of a test's event": EVENT_KEYS,
}


def _entries() -> Iterator[_Entry]:
    """Yield every word; one inside of several others, with the same meaning, comes once."""
    around: dict[Word, list[str]] = {}
    for place, words in _PLACES.items():
        for word in words:
            yield _Entry(word, place, {word.name})
            for inner in word.inner:
                around.setdefault(inner, []).append(word.name)
    for inner, outer in around.items():
        yield _Entry(
            inner, f"inside {', '.join(outer)}", {inner.name, *(f"{one}.{inner.name}" for one in outer)}
        )


def _explain(out: Console, entry: _Entry) -> None:
    word = entry.word
    out.print(Text.assemble((word.name, "rule"), f", {entry.place}"))
    out.print()
    for text in (word.description, word.form):
        if text:
            out.print(Text(plain_text(text)))
    for key, told in (*word.values.items(), *((inner.name, inner.description) for inner in word.inner)):
        lines.show(
            out, [Line(Text.assemble((key, "rule"), f": {plain_text(told)}" if told else ""))], indent=2
        )
    if word.left_out:
        out.print(Text(plain_text(f"Left out: {word.left_out}.")))
    out.print()
    # Copied from a terminal, a line that was broken would be two.
    out.print(Text.assemble("    ", (f"{word.name}: ", "rule"), word.example), soft_wrap=True)
