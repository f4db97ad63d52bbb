"""The JSON Schema of a rule file, for editors.

It describes one file. Some mistakes only the loader finds (a repeated id, a list that does not exist, a rule
that is never reached): tests/cli/test_schema.py lists them.
"""

import json

from cli import editor
from shared.rule_files.files.file import FILE
from shared.rule_files.vocabulary.json_schema import Shape
from shared.rule_files.vocabulary.keys import Block, blocks_in

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def text() -> str:
    """Return the schema as the text of docs/rules.schema.json."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> Shape:
    """Return the whole schema."""
    return {
        "$schema": DIALECT,
        "title": "Joinlink rules",
        "description": "Which calendar events get a join link. The first rule that matches an event decides.",
        **_block(FILE),
        "$defs": {
            block.definition: _definition(block)
            for block in blocks_in(FILE)
            if block.definition and block is not FILE
        },
    }


def _definition(block: Block) -> Shape:
    description = {"description": block.description} if block.description else {}
    return {"title": block.title, **description, **_block(block)}


def _block(block: Block) -> Shape:
    keys = {key.name: editor.schema_of(key) for key in block.keys}
    if not block.writes_defaults:
        for key in keys.values():
            key.pop("default", None)
    return {**block.shape, "properties": keys}
