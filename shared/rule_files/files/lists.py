"""`lists`: named lists of domains and addresses. They are read first, because any file may use them."""

from collections.abc import Iterable

from shared.rule_files.reading.named_lists import NAME, NamedList
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.addresses import (
    ADDRESS,
    DOMAIN,
    DOMAIN_PATTERN,
    LIST_NAME,
    is_address,
    meant_by,
)
from shared.rule_files.vocabulary.json_schema import Shape
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, SequenceNode, shorten, value_of

_EXAMPLE = "{partners: [fabrikam.com]}"
LISTS_SHAPE: Shape = {
    "type": "object",
    "propertyNames": LIST_NAME,
    "additionalProperties": {"type": "array", "items": {"anyOf": [DOMAIN, ADDRESS]}, "minItems": 1},
}


def read_lists(root: Node | None, reader: NodeReader) -> dict[str, NamedList]:
    """Return the named lists of a file, in lower case."""
    node = value_of(root, "lists")
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        needs = f"lists needs a name for each list, but this is {describe(node)}"
        reader.problem(node, f"{needs}; for example {_EXAMPLE}")
        return {}
    return {key.text: NamedList(_read_list(key, items, reader)) for key, items in node.entries}


def list_nodes(root: Node | None) -> Iterable[tuple[ScalarNode, tuple[Node, ...]]]:
    """Yield the name of each list of a file, with its items."""
    node = value_of(root, "lists")
    for key, items in node.entries if isinstance(node, MappingNode) else ():
        yield key, items.items if isinstance(items, SequenceNode) else ()


def _read_list(key: ScalarNode, node: Node, reader: NodeReader) -> tuple[str, ...]:
    if not NAME.fullmatch(key.text):
        form = 'letters, digits, "-" and "_"'
        reader.problem(key, f'the name of a list has {form}, but this is "{shorten(key.text)}"')
    what = f'the list "{shorten(key.text)}"'
    entries = (_read_entry(item, reader, what) for item in reader.items(node, what) or ())
    return tuple(entry for entry in entries if entry is not None)


def _read_entry(node: Node, reader: NodeReader, what: str) -> str | None:
    entry = reader.text(node, what)
    if entry is None:
        return None
    if DOMAIN_PATTERN.fullmatch(entry.strip()) or is_address(entry):
        return entry.strip().lower()
    needs = f"{what} needs domains or addresses, but this is {describe(node)}"
    reader.problem(node, needs + meant_by(entry))
    return None
