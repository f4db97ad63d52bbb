"""Bicep files as syntax trees, with what the checks ask of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_bicep.language()))
#: the grammar has no type behind the name of a variable
_TYPED_VARIABLE = re.compile(rb"(?m)^(var \w+ )([\w\[\]]+)(?= =)")
_SILENCED = re.compile(r"#disable-next-line ([\w-]+(?: [\w-]+)*)")


@dataclass(frozen=True, slots=True)
class BicepProblem:
    """What is wrong in a line of a file, counted from 1."""

    line: int
    text: str


@dataclass(slots=True)
class Declarations:
    """The names that a file declares, with their nodes."""

    parameters: dict[str, Node] = field(default_factory=dict)
    variables: dict[str, Node] = field(default_factory=dict)
    resources: dict[str, Node] = field(default_factory=dict)
    modules: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, Node] = field(default_factory=dict)


_KINDS = {
    "parameter_declaration": "parameters",
    "variable_declaration": "variables",
    "resource_declaration": "resources",
    "module_declaration": "modules",
    "output_declaration": "outputs",
}


class BicepFile:
    """One parsed file."""

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        """Parse the file, or `content` as if the file had it."""
        self.path = path
        source = path.read_bytes() if content is None else content
        self.lines = source.decode().splitlines()
        self.root = _PARSER.parse(_TYPED_VARIABLE.sub(lambda m: m[1] + b" " * len(m[2]), source)).root_node
        self.typed = {m[1].split()[1].decode(): m[2].decode() for m in _TYPED_VARIABLE.finditer(source)}
        self.declared = Declarations()
        self.nodes = list(walk(self.root))
        for node in self.nodes:
            if node.type in _KINDS and (name := child(node, "identifier")) is not None:
                getattr(self.declared, _KINDS[node.type])[text(name)] = node

    def is_silenced(self, node: Node, code: str) -> bool:
        """Whether the line above the node, or above its property, switches this code off."""
        above = [self.lines[row - 1] for row in (line(node) - 1,) if row >= 1]
        return any(code in (found[1].split() if (found := _SILENCED.search(each)) else ()) for each in above)


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and all nodes in it."""
    yield node
    for each in node.children:
        yield from walk(each)


def text(node: Node) -> str:
    """Return the source text of the node."""
    return (node.text or b"").decode()


def line(node: Node) -> int:
    """Return the node's line, counted from 1."""
    return int(node.start_point[0]) + 1


def child(node: Node, kind: str) -> Node | None:
    """Return the first direct child of this kind."""
    return next((each for each in node.children if each.type == kind), None)


def literal(node: Node) -> str | None:
    """Return the value of a string without interpolation; None for every other node."""
    if node.type != "string" or any(each.type == "interpolation" for each in node.children):
        return None
    return text(node)[1:-1]


def body(node: Node) -> Node | None:
    """Return the object of a declaration, also inside `if` and `for`."""
    for each in node.children:
        if each.type == "object":
            return each
        if each.type in {"if_statement", "for_statement"} and (found := body(each)) is not None:
            return found
    return None


def properties(node: Node) -> dict[str, tuple[Node, Node | None]]:
    """Return the properties of an object: name to the pair's node and the value's."""
    found: dict[str, tuple[Node, Node | None]] = {}
    for pair in node.children:
        if pair.type != "object_property" or not pair.named_children:
            continue
        key, *rest = pair.named_children
        if key.type not in {"resource_declaration", "decorators"}:
            found[text(key).strip("'")] = (pair, rest[-1] if rest else None)
    return found


def alternatives(node: Node) -> list[Node]:
    """Return the values that an expression can have: both sides of a ternary, else the node itself."""
    if node.type == "parenthesized_expression" and node.named_children:
        return alternatives(node.named_children[0])
    if node.type == "ternary_expression":
        return [each for part in node.named_children[1:] for each in alternatives(part)]
    return [node]


def identifiers(node: Node) -> set[str]:
    """Return the names that are used in the node."""
    return {text(each) for each in walk(node) if each.type == "identifier"}
