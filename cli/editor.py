"""What editors show and offer for a key, as parts of the JSON Schema.

`defaultSnippets`, `enumDescriptions` and `errorMessage` are extensions of VS Code; other editors ignore them.
"""

import re
from typing import Any

from shared.rule_files.vocabulary.json_schema import Shape, rebuilt
from shared.rule_files.vocabulary.keys import Key
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, SequenceNode
from shared.rule_files.yaml_tree.parser import read_yaml

_LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


def plain_text(markdown: str) -> str:
    """Return Markdown as plain text."""
    return _LINK.sub(r"\1 (\2)", markdown).replace("`", "")


def schema_of(key: Key) -> Shape:
    """Return the JSON Schema of a key: its description, a value to offer, and the shape of its value."""
    return {**_description(key), **_with_inner_descriptions(key)}


def _description(key: Key) -> Shape:
    offer = _offer(key)
    left_out = f"Left out: {key.left_out}." if key.left_out else ""
    example = "" if "examples" in offer else f"Example: {key.name}: {key.example}"
    texts = (plain_text(text) for text in (key.description, key.form, left_out, example) if text)
    description: Shape = {"title": key.name, "description": "\n\n".join(texts)}
    if key.default:
        description["default"] = from_yaml(key.default)
    return {**description, **offer}


def _offer(key: Key) -> Shape:
    """Return the example as a value to choose; empty where the editor offers values or keys anyway."""
    if key.shape.keys() & {"enum", "items", "properties"} or key.shape.keys() == {"$ref"}:
        return {}
    value = from_yaml(key.example)
    if isinstance(value, dict) and "$ref" not in key.shape:
        # Built from `examples`, texts would lose the quotes that they need. A list can't be a snippet:
        # editors would offer it inside a list, too.
        return {"defaultSnippets": [{"label": key.example, "body": key.example}]}
    return {"examples": [value]}


def _with_inner_descriptions(key: Key) -> Shape:
    """Return the shape of a key's value, with the blocks inside it titled and their keys described."""
    inner = {each.name: each for each in key.inner}

    def describe(part: Shape) -> None:
        if isinstance(keys := part.get("properties"), dict):
            part["title"] = f"{key.name}: {{{', '.join(f'{name}: …' for name in keys)}}}"
            part["properties"] = {name: {**_description(inner[name]), **keys[name]} for name in keys}

    shape: Shape = rebuilt(key.shape, describe)
    return shape


def from_yaml(text: str) -> Any:
    """Return a piece of YAML as the value that JSON has for it."""
    root, _ = read_yaml(text.encode())
    assert root is not None
    return json_value(root)


def json_value(node: Node) -> Any:
    """Return a tree of YAML nodes as the value that JSON has for it."""
    if isinstance(node, MappingNode):
        return {key.text: json_value(value) for key, value in node.entries}
    if isinstance(node, SequenceNode):
        return [json_value(item) for item in node.items]
    return node.value
