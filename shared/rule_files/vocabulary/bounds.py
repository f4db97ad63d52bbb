"""`{at_least: …, at_most: …}`, as numbers and times are bounded."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.vocabulary.json_schema import Shape
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.yaml_tree.nodes import MappingNode, Node
from shared.rules.extents import Span

_BOUNDS = ("at_least", "at_most")

B = TypeVar("B", int, timedelta)


def bounds_block(least: str, most: str, shape: Shape, *, examples: tuple[str, str]) -> Block:
    """Return the block of both bounds, each described by a text and an example."""
    return Block(
        keys=tuple(
            Key(name, description, shape, example, if_left_out="no bound")
            for name, description, example in zip(_BOUNDS, (least, most), examples, strict=True)
        ),
        place="after a condition, as in attendees: {at_least: 1}",
        least=1,
    )


def read_bounds(
    node: Node, reader: NodeReader, name: str, read: Callable[[Node, str], B | None]
) -> tuple[B | None, B | None] | None:
    """Return the lower and the upper bound, each read by `read`; None where they can't be, which is noted."""
    keys = reader.keys(node, name, _BOUNDS)
    if keys is None:
        return None
    if not keys:
        if isinstance(node, MappingNode) and not node.keys:
            reader.problem(node, f"{name} needs at_least, at_most or both")
        return None
    bounds = {key: read(value, f"{name}: {key}") for key, value in keys.items()}
    if None in bounds.values():
        return None
    low, high = bounds.get("at_least"), bounds.get("at_most")
    if low is not None and high is not None and low > high:
        reader.problem(node, f"{name} can never hold: at_least is above at_most")
        return None
    return low, high


def told_bounds(bounds: tuple[B | None, B | None], show: Callable[[B], str]) -> str:
    """Return the bounds in words, `at least 1, at most 9`."""
    words = zip(("at least", "at most"), bounds, strict=True)
    return ", ".join(f"{word} {show(bound)}" for word, bound in words if bound is not None)


def span_of(bounds: tuple[B | None, B | None], number: Callable[[B], float]) -> Span:
    """Return the bounds as a span of numbers, open where there is none."""
    low, high = bounds
    return Span(-math.inf if low is None else number(low), math.inf if high is None else number(high))
