"""The JSON Schema of a rule file, for editors.

It knows what one file looks like. What asks for more (an id that is taken, a list that does not exist, a rule
that can never be reached) the loader alone knows; tests/cli/test_schema.py lists it.
"""

import json
from typing import Any

from cli.language import CONDITIONS, EVENT_KEYS, FILE_KEYS, JOINS, RULE_KEYS, TEST_KEYS, Word
from shared.rules.shapes import Shape, block
from shared.rules.yaml_nodes import Listing, Mapping, Node
from shared.rules.yaml_reader import read_yaml

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def text() -> str:
    """Return the schema as it is committed, as docs/rules.schema.json."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> Shape:
    """Return the whole schema."""
    return {
        "$schema": DIALECT,
        "title": "Joinlink rules",
        "description": "Which calendar events get a join link. The first rule that matches an event decides.",
        **_block(FILE_KEYS, required=("version",)),
        "$defs": {
            "rule": _block(RULE_KEYS, required=("id", "when")),
            "conditions": {"description": "All keys must hold.", **_block((*JOINS, *CONDITIONS))},
            "test": _block(TEST_KEYS, required=("name", "event", "expect")),
            "event": _block(EVENT_KEYS),
        },
    }


def _block(words: tuple[Word, ...], *, required: tuple[str, ...] = ()) -> Shape:
    return block({word.name: _property(word) for word in words}, required=required)


def _property(word: Word) -> Shape:
    root, _ = read_yaml(word.example.encode())
    assert root is not None
    description = f"{word.description} {word.form}".strip()
    return {"description": description, **word.shape, "examples": [plain(root)]}


def plain(node: Node) -> Any:
    """Return a tree of YAML nodes as JSON has it."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return node.value
