"""The tree of a rule's conditions, walked: which blocks there are, what must hold, and what is the same."""

from collections.abc import Iterator

from shared.rules.yaml_nodes import Listing, Mapping, Node, Scalar

#: a node without its places, so that equal conditions are equal wherever they stand
Form = tuple[object, ...]


def blocks_of(node: Node | None) -> Iterator[Mapping]:
    """Yield the mappings of conditions in a condition, all keys of each of which must hold."""
    if isinstance(node, Mapping):
        yield node
    children = node.items if isinstance(node, Listing) else ()
    if isinstance(node, Mapping):
        children = tuple(value for key, value in node.entries if key.text in {"all", "any", "not"})
    for child in children:
        yield from blocks_of(child)


def required(block: Mapping) -> Iterator[tuple[Scalar, Node]]:
    """Yield the conditions that must hold for the block to hold."""
    for key, value in block.entries:
        yield key, value
        if key.text == "all" and isinstance(value, Listing):
            for item in value.items:
                yield from required(item) if isinstance(item, Mapping) else ()


def value_of(node: Node | None, key: str) -> Node | None:
    """Return the node of a key; None where the node has no such key, or no keys at all."""
    entries = node.entries if isinstance(node, Mapping) else ()
    return next((value for name, value in entries if name.text == key), None)


def items_of(node: Node) -> tuple[Node, ...]:
    """Return the items of a list; anything else is the only one."""
    return node.items if isinstance(node, Listing) else (node,)


def form_of(node: Node | tuple[Scalar, Node]) -> Form:
    """Return the form of a node, or of a key with its node."""
    if isinstance(node, tuple):
        return node[0].text, form_of(node[1])
    if isinstance(node, Mapping):
        return "keys", frozenset(form_of(entry) for entry in node.entries)
    if isinstance(node, Listing):
        return "list", tuple(form_of(item) for item in node.items)
    return node.text, node.plain
