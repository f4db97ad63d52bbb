"""`when` and `unless`: blocks of conditions, all of which must hold, and the keys that combine them."""

from collections.abc import Callable

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.catalogue import CATALOGUE
from shared.rule_files.vocabulary.json_schema import Shape
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, SequenceNode
from shared.rules.conditions import Condition, all_of, any_of, none_of

ANY_CONDITIONS: Shape = {"$ref": "#/$defs/conditions"}
SOME_CONDITIONS: Shape = {**ANY_CONDITIONS, "minProperties": 1}
_LIST: Shape = {"type": "array", "items": SOME_CONDITIONS, "minItems": 1}
#: words that people write for a condition that every event meets
_EVERY_EVENT = frozenset(("always", "all", "any", "true", "every", "everything", "*"))

COMBINING_KEYS = (
    Key(
        "all",
        "All of these conditions hold.",
        _LIST,
        "[{has_room: false}, {is_all_day: false}]",
        synonyms="and allof every",
    ),
    Key(
        "any",
        "At least one of these conditions holds.",
        _LIST,
        "[{has_room: true}, {is_all_day: true}]",
        synonyms="or anyof oneof either",
    ),
    Key("not", "These conditions do not hold.", SOME_CONDITIONS, "{has_room: true}"),
)
CONDITION_KEYS = tuple(
    Key(
        kind.name,
        kind.description,
        kind.syntax.shape(),
        kind.example.removeprefix(f"{kind.name}: "),
        form=kind.syntax.form,
        synonyms=kind.synonyms,
        block=kind.syntax.block,
    )
    for kind in CATALOGUE.values()
)
CONDITIONS = Block(
    keys=(*COMBINING_KEYS, *CONDITION_KEYS),
    place="under when or unless",
    definition="conditions",
    title="conditions",
    description="All keys must hold.",
)
_NAMES = (*CATALOGUE, *(key.name for key in COMBINING_KEYS))


def read_when(node: Node, reader: NodeReader, what: str) -> Condition | None:
    """Return the conditions of `when`, which may be empty: every event meets `{}`."""
    if not isinstance(node, ScalarNode):
        return _read_block(node, reader, what, may_be_empty=True)
    hint = ""
    if node.text.strip().lower() in _EVERY_EVENT:
        hint = "; for every event, write when: {}"
    elif not node.text:
        hint = "; indent its conditions below it"
    needs = f"{what} needs conditions, such as {{has_room: false}}, but this is {describe(node)}"
    reader.problem(node, needs + hint)
    return None


def read_conditions(node: Node, reader: NodeReader, what: str) -> Condition | None:
    """Return the conditions of a block that must not be empty."""
    return _read_block(node, reader, what, may_be_empty=False)


def _read_block(node: Node, reader: NodeReader, what: str, *, may_be_empty: bool) -> Condition | None:
    hint = "for example {has_room: true}"
    if isinstance(node, SequenceNode):
        hint = "for a list of conditions, write all: or any: above it"
    keys = reader.keys(node, what, _NAMES, kind="condition", hint=hint)
    if keys is None or not isinstance(node, MappingNode):
        return None
    if not node.keys and not may_be_empty:
        reader.problem(node, f"{what} is empty, so every event would meet it; add a condition or remove it")
        return None
    read = [_READERS[key.text](key, value, reader) for key, value in node.entries if key.text in keys]
    conditions = tuple(condition for condition in read if condition is not None)
    return all_of(conditions, node) if len(conditions) == len(read) else None


def _read_not(key: ScalarNode, node: Node, reader: NodeReader) -> Condition | None:
    condition = _read_inner(node, reader, "not")
    return None if condition is None else none_of(condition, key)


def _read_all(key: ScalarNode, node: Node, reader: NodeReader) -> Condition | None:
    conditions = _read_list(node, reader, "all")
    return None if conditions is None else all_of(conditions, key)


def _read_any(key: ScalarNode, node: Node, reader: NodeReader) -> Condition | None:
    conditions = _read_list(node, reader, "any")
    return None if conditions is None else any_of(conditions, key)


def _read_list(node: Node, reader: NodeReader, what: str) -> tuple[Condition, ...] | None:
    items = reader.items(node, what)
    if items is None:
        return None
    read = [_read_inner(item, reader, f"an item of {what}") for item in items]
    conditions = tuple(condition for condition in read if condition is not None)
    return conditions if len(conditions) == len(read) else None


def _read_inner(node: Node, reader: NodeReader, what: str) -> Condition | None:
    """Return the conditions of a block inside `all`, `any` or `not`; a single condition comes alone."""
    block = read_conditions(node, reader, what)
    return block.children[0] if block is not None and len(block.children) == 1 else block


_READERS: dict[str, Callable[[ScalarNode, Node, NodeReader], Condition | None]] = {
    **{kind.name: kind.read for kind in CATALOGUE.values()},
    "all": _read_all,
    "any": _read_any,
    "not": _read_not,
}
