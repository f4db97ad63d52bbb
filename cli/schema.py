"""`joinlink schema`: list the keys of rule files, explain one, or print the JSON Schema."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli import lines, rule_schema
from cli.editor import plain_text
from cli.formats import schema_text
from cli.lines import Line
from cli.output import AsJson, Refused, console, print_json
from shared.rule_files.files.conditions import COMBINING_KEYS, CONDITION_KEYS
from shared.rule_files.files.event_sketch import EVENT
from shared.rule_files.files.file import FILE
from shared.rule_files.files.hints import SYNONYMS
from shared.rule_files.files.rule import RULE
from shared.rule_files.files.rule_tests import TEST
from shared.rule_files.reading.suggestions import suggest
from shared.rule_files.vocabulary.keys import Key


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key, where it is allowed, and the names by which the command finds it."""

    key: Key
    place: str
    names: frozenset[str]


#: where a key is allowed
_PLACES: dict[str, tuple[Key, ...]] = {
    "a condition, in when and unless": CONDITION_KEYS,
    "combines conditions, in when and unless": COMBINING_KEYS,
    "a key of a rule": RULE.keys,
    "a key of a rule file": FILE.keys,
    "a key of a test": TEST.keys,
    "a key of a test's event": EVENT.keys,
}


def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="KEY", hidden=True),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the keys of rule files, or explain one.

    KEY is a condition or another key: duration, limits, per_hour, sweep.every. Without it, a terminal shows
    all keys by subject, and a file or a pipe gets the JSON Schema of rule files.

    Save the schema next to your rules, as rules.schema.json, and begin each file with
    "# yaml-language-server: $schema=rules.schema.json": then editors complete and check keys.
    """
    if name is None:
        if sys.stdout.isatty():
            schema_text.show()
        else:
            print(rule_schema.text(), end="")
        return
    found = [entry for entry in _entries() if name in entry.names]
    if not found:
        raise Refused(f'there is no key "{name}" in rule files; {_hint(name)}')
    if as_json:
        print_json({"keys": [_document(entry) for entry in found]})
        return
    out = console()
    for number, entry in enumerate(found):
        if number:
            out.print()
        _explain(out, entry)


def _hint(name: str) -> str:
    known = sorted({entry.key.name for entry in _entries()})
    suggestion = suggest(name, known, SYNONYMS)
    return f'did you mean "{suggestion}"?' if suggestion else f"the keys are {', '.join(known)}"


def _entries() -> Iterator[_Entry]:
    """Yield an entry for every key; a key that several others share inside them has one entry."""
    parents: dict[Key, list[str]] = {}
    for place, keys in _PLACES.items():
        for key in keys:
            yield _Entry(key, place, frozenset({key.name}))
            for inner in key.inner:
                parents.setdefault(inner, []).append(key.name)
    for inner, names in parents.items():
        paths = (f"{name}.{inner.name}" for name in names)
        yield _Entry(inner, f"inside {', '.join(names)}", frozenset({inner.name, *paths}))


def _document(entry: _Entry) -> dict[str, Any]:
    key = entry.key
    inner = {**key.choices, **{each.name: each.description for each in key.inner}}
    return {
        "key": key.name,
        "place": entry.place,
        "description": plain_text(key.description),
        "form": plain_text(key.form) or None,
        "values": {name: plain_text(meaning) for name, meaning in inner.items()},
        "left_out": plain_text(key.left_out) or None,
        "example": key.example,
    }


def _explain(out: Console, entry: _Entry) -> None:
    key = entry.key
    out.print(Text.assemble((key.name, "rule"), f", {entry.place}"))
    out.print()
    for text in (key.description, key.form):
        if text:
            out.print(Text(plain_text(text)))
    for name, meaning in (*key.choices.items(), *((inner.name, inner.description) for inner in key.inner)):
        line = Text.assemble((name, "rule"), f": {plain_text(meaning)}" if meaning else "")
        lines.show(out, [Line(line)], indent=2)
    if key.left_out:
        out.print(Text(plain_text(f"Left out: {key.left_out}.")))
    out.print()
    # Without line breaks, so that the example can be copied from a terminal.
    out.print(Text.assemble("    ", (f"{key.name}: ", "rule"), key.example), soft_wrap=True)
