"""What editors make of the schema: what they tell of a key, what they offer, what they say to a mistake.

`defaultSnippets`, `enumDescriptions` and `errorMessage` are no part of JSON Schema; VS Code brought them
up, and other editors leave them alone.
"""

import re
from typing import Any

from cli.word import Word
from shared.rule_files.vocabulary.json_schema import Shape, rebuilt
from shared.rule_files.yaml_tree.nodes import Listing, Mapping, Node
from shared.rule_files.yaml_tree.parser import read_yaml

_LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


def plain_text(markdown: str) -> str:
    """Return our Markdown as it reads without its marks."""
    return _LINK.sub(r"\1 (\2)", markdown).replace("`", "")


def of_key(word: Word) -> Shape:
    """Return what is told of a key, and what is offered behind it."""
    offer = _offer(word)
    left_out = f"Left out: {word.left_out}." if word.left_out else ""
    example = "" if "examples" in offer else f"Example: {word.name}: {word.example}"
    texts = (plain_text(text) for text in (word.description, word.form, left_out, example) if text)
    told: Shape = {"title": word.name, "description": "\n\n".join(texts)}
    if word.default:
        told["default"] = plain(word.default)
    return {**told, **offer}


def _offer(word: Word) -> Shape:
    """Return the example as a value to choose; where values or keys are offered anyway, it needs none."""
    if word.shape.keys() & {"enum", "items", "properties"} or word.shape.keys() == {"$ref"}:
        return {}
    value = plain(word.example)
    if isinstance(value, dict) and "$ref" not in word.shape:
        # Put together from `examples`, texts would lose the quotes that they need. A list is no snippet: it
        # would be offered inside of a list, too.
        return {"defaultSnippets": [{"label": word.example, "body": word.example}]}
    return {"examples": [value]}


def with_inner(shape: Shape, word: Word) -> Shape:
    """Return the shape with its blocks named, and their keys described."""
    inner = {one.name: one for one in word.inner}

    def tell(part: Shape) -> None:
        if isinstance(keys := part.get("properties"), dict):
            part["title"] = f"{word.name}: {{{', '.join(f'{key}: …' for key in keys)}}}"
            part["properties"] = {key: {**of_key(inner[key]), **keys[key]} for key in keys}

    whole: Shape = rebuilt(shape, tell)
    return whole


def plain(yaml: str) -> Any:
    """Return a piece of YAML as JSON has it."""
    root, _ = read_yaml(yaml.encode())
    assert root is not None
    return plain_node(root)


def plain_node(node: Node) -> Any:
    """Return a tree of YAML nodes as JSON has it."""
    if isinstance(node, Mapping):
        return {key.text: plain_node(value) for key, value in node.entries}
    if isinstance(node, Listing):
        return [plain_node(item) for item in node.items]
    return node.value
