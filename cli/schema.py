"""`joinlink schema`: the rule language for editors, or one word of it for a person."""

import re
from typing import Annotated

import typer
from rich.text import Text

from cli import rule_schema
from cli.language import CONDITIONS, EVENT_KEYS, FILE_KEYS, JOINS, RULE_KEYS, TEST_KEYS, Word
from cli.output import Refused, console
from shared.rules.slips import suggest


def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="WORD",
            help="A condition, or a key of a rule or a file: duration, limits, lists.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of rule files, or explain one word with an example.

    Editors that know YAML help with every key when a rule file begins with
    # yaml-language-server: $schema=… and the address of the schema.
    """
    if name is None:
        print(rule_schema.text(), end="")
        return
    found = [(place, word) for place, words in _PLACES.items() for word in words if word.name == name]
    if not found:
        known = sorted({word.name for words in _PLACES.values() for word in words})
        near = suggest(name, known)
        meant = f'did you mean "{near}"?' if near else f"known are {', '.join(known)}"
        raise Refused(f'there is no "{name}" in rule files; {meant}')
    for number, (place, word) in enumerate(found):
        _explain(place, word, first=number == 0)


def _explain(place: str, word: Word, *, first: bool) -> None:
    out = console()
    if not first:
        out.print()
    out.print(Text.assemble((word.name, "rule"), f", {place}"))
    out.print()
    for text in (word.description, word.form):
        if text:
            out.print(Text(plain_text(text)))
    out.print()
    out.print(Text.assemble(("    ", ""), (f"{word.name}: ", "rule"), word.example))


#: where a word may stand
_PLACES: dict[str, tuple[Word, ...]] = {
    "a condition, in when and unless": CONDITIONS,
    "joins conditions, in when and unless": JOINS,
    "a key of a rule": RULE_KEYS,
    "a key of a rule file": FILE_KEYS,
    "a key of a test": TEST_KEYS,
    "a key of a test's event": EVENT_KEYS,
}


def plain_text(markdown: str) -> str:
    """Return our Markdown as it reads without its marks."""
    return re.sub(r"\[([^]]+)\]\(([^)]+)\)", r"\1 (\2)", markdown).replace("`", "")
