"""The JSON Schema of a rule file, for editors.

It knows what one file looks like. What asks for more (an id that is taken, a list that does not exist, a rule
that can never be reached) the loader alone knows; tests/cli/test_schema.py lists it.
"""

import json

from cli import editor
from cli.editor_messages import with_messages
from cli.language import CONDITIONS, EVENT_KEYS, FILE_KEYS, JOINS, RULE_KEYS, TEST_KEYS
from cli.word import Word
from shared.rule_files.vocabulary.json_schema import Shape, block

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def text() -> str:
    """Return the schema as it is committed, as docs/rules.schema.json."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> Shape:
    """Return the whole schema."""
    whole = {
        "$schema": DIALECT,
        "title": "Joinlink rules",
        "description": "Which calendar events get a join link. The first rule that matches an event decides.",
        **_block(FILE_KEYS, required=("version",)),
        "$defs": {
            "rule": {"title": "a rule", **_block(RULE_KEYS, required=("id", "when"))},
            "conditions": {
                "title": "conditions",
                "description": "All keys must hold.",
                **_block((*JOINS, *CONDITIONS)),
            },
            "test": {"title": "a test", **_block(TEST_KEYS, required=("name", "event", "expect"))},
            "event": {"title": "an event", **_without_defaults(_block(EVENT_KEYS))},
        },
    }
    return with_messages(whole)


def _block(words: tuple[Word, ...], *, required: tuple[str, ...] = ()) -> Shape:
    return block({word.name: _property(word) for word in words}, required=required)


def _without_defaults(shape: Shape) -> Shape:
    """Return the block without what holds anyway; an editor would write all of it into every new test."""
    for told in shape["properties"].values():
        told.pop("default", None)
    return shape


def _property(word: Word) -> Shape:
    return {**editor.of_key(word), **editor.with_inner(word.shape, word)}
