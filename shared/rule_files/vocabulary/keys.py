"""The rule language as tables: a `Block` is the table of one block of a file, with a row (`Key`) per key.

The loader, the JSON Schema, docs/rules.md, `joinlink schema` and the hints about misplaced keys read these
tables. To add a key, add its row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any, TypeAlias

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.vocabulary.json_schema import Shape, block
from shared.rule_files.yaml_tree.nodes import MappingNode, Node

#: Reads a key's value; the text names the key in messages. None where the value is wrong, which was noted.
Read: TypeAlias = Callable[[Node, NodeReader, str], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One key: its description (Markdown), the JSON Schema of its value, an example (YAML) and its reader.

    `read` is None where the block reads the key itself.
    """

    name: str
    description: str
    shape: Shape
    example: str
    read: Read | None = None
    #: how the value is written, where description and shape don't say it (Markdown)
    form: str = ""
    #: the value where the key is left out (YAML)
    default: str = ""
    #: what holds where the key is left out, in words (Markdown)
    if_left_out: str = ""
    #: what to write where the key is missing; empty where the key is optional
    required: str = ""
    #: words that people write instead of the name, in small letters only
    synonyms: str = ""
    #: the field that takes the value, where its name is not that of the key
    field: str = ""
    #: the block that the value is, or that its items are
    block: "Block | None" = None

    @property
    def choices(self) -> dict[str, str]:
        """The allowed values with their meanings, where the key has a closed set of them."""
        shapes = (shape for shape in (self.shape, *self.shape.get("anyOf", ())) if "enum" in shape)
        found = next(shapes, {"enum": ()})
        return dict(zip(found["enum"], found.get("enumDescriptions", repeat("")), strict=False))

    @property
    def left_out(self) -> str:
        """What holds where the key is left out (Markdown); empty where that is obvious."""
        if self.required:
            return "not allowed"
        default = f"`{self.default}`" if self.default else ""
        return ", ".join(part for part in (default, self.if_left_out) if part)

    @property
    def inner(self) -> tuple["Key", ...]:
        """The keys of the blocks inside the value; blocks with a definition of their own are not inside."""
        if self.block is None or self.block.definition:
            return ()
        keys = self.block.keys
        return tuple(dict.fromkeys((*keys, *(deeper for key in keys for deeper in key.inner))))


@dataclass(frozen=True, eq=False, kw_only=True)
class Block:
    """The keys of one block.

    `place` says where its keys belong, for a hint about a key in another block; empty gives no hint.
    """

    keys: tuple[Key, ...]
    place: str = ""
    #: the name of its definition in the JSON Schema, where it has one
    definition: str = ""
    #: its name in messages, where the key around does not name it
    title: str = ""
    #: its description in the JSON Schema
    description: str = ""
    #: whether editors may write the defaults of all keys into a new block
    writes_defaults: bool = True
    #: the least number of keys
    least: int = 0

    @cached_property
    def by_name(self) -> dict[str, Key]:
        """The keys by name."""
        return {key.name: key for key in self.keys}

    @property
    def example(self) -> str:
        """A block with its required keys or, where there are none, with its first one."""
        shown = [key for key in self.keys if key.required] or self.keys[:1]
        return f"{{{', '.join(f'{key.name}: {key.example}' for key in shown)}}}"

    @property
    def shape(self) -> Shape:
        """The JSON Schema of the block."""
        return block(
            {key.name: key.shape for key in self.keys},
            required=tuple(key.name for key in self.keys if key.required),
            least=self.least,
        )

    def read_each(self, node: Node, reader: NodeReader, what: str = "") -> dict[str, Any] | None:
        """Return the values by key, None for each that is wrong; None where the node is not a block of keys.

        `what` names the block in messages and comes before the names of its keys.
        """
        name = what or self.title
        hint = f"for example {self.example}" if what else ""
        nodes = reader.keys(node, name, self.by_name, suggest_places=bool(self.place), hint=hint)
        if nodes is None or not isinstance(node, MappingNode):
            return None
        if len(nodes) == len(node.keys):  # otherwise a key that seems to be missing may be misspelt
            self._check_missing(node, reader, name)
        prefix = f"{what}: " if what else ""
        return {
            key.name: key.read(nodes[key.name], reader, prefix + key.name)
            for key in self.keys
            if key.name in nodes and key.read is not None
        }

    def _check_missing(self, node: MappingNode, reader: NodeReader, name: str) -> None:
        for key in self.keys:
            if key.required and key.name not in node.values:
                reader.problem(node, f'{name} needs the key "{key.name}"; {key.required}')
        if len(node.keys) < self.least:
            reader.problem(node, f"{name} needs at least one of {', '.join(self.by_name)}")

    def read(self, node: Node, reader: NodeReader, what: str = "") -> dict[str, Any] | None:
        """Return the values by field; None where anything in the block is wrong."""
        errors = reader.session.errors
        values = self.read_each(node, reader, what)
        if values is None or reader.session.errors > errors or any(each is None for each in values.values()):
            return None
        return {self.by_name[name].field or name: value for name, value in values.items()}


def blocks_in(root: Block) -> Iterator[Block]:
    """Yield the block and all blocks inside it, each once: those with a definition first."""
    found = [root]
    for each in found:
        found += [key.block for key in each.keys if key.block is not None and key.block not in found]
    yield from sorted(found, key=lambda each: not each.definition)
