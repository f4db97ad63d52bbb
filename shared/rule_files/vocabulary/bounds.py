"""`{at_least: …, at_most: …}`: bounds of numbers and durations, both included."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.vocabulary.json_schema import Shape
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.yaml_tree.nodes import MappingNode, Node
from shared.rules.value_sets import Interval

_BOUNDS = ("at_least", "at_most")

B = TypeVar("B", int, timedelta)


@dataclass(frozen=True, slots=True)
class Bounds(Generic[B]):
    """A lower and an upper bound; None is open."""

    at_least: B | None
    at_most: B | None

    def in_words(self, show: Callable[[B], str]) -> str:
        """Return the bounds in words, `at least 1, at most 9`."""
        bounds = (("at least", self.at_least), ("at most", self.at_most))
        return ", ".join(f"{word} {show(bound)}" for word, bound in bounds if bound is not None)

    def interval(self, number: Callable[[B], float]) -> Interval:
        """Return the bounds as an interval of numbers."""
        low = -math.inf if self.at_least is None else number(self.at_least)
        return Interval(low, math.inf if self.at_most is None else number(self.at_most))


def bounds_block(least: str, most: str, shape: Shape, *, examples: tuple[str, str]) -> Block:
    """Return the block of both bounds, each with a description and an example."""
    return Block(
        keys=(
            Key("at_least", least, shape, examples[0], if_left_out="no bound", synonyms="min minimum gte ge"),
            Key("at_most", most, shape, examples[1], if_left_out="no bound", synonyms="max maximum lte le"),
        ),
        place="after a condition, as in attendees: {at_least: 1}",
        least=1,
    )


def read_bounds(
    node: Node, reader: NodeReader, name: str, read: Callable[[Node, str], B | None], *, example: str
) -> Bounds[B] | None:
    """Return the bounds, each read by `read`; None after a problem was noted, with the `example` to write."""
    keys = reader.keys(node, name, _BOUNDS, hint=f"for example {example}")
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
    return Bounds(low, high)


def meant_value(what: str, bound: str, value: str, *, is_exact: bool) -> str:
    """Return the end of a message about `at_least: ">15m"`: the key and the value that it means.

    `what` ends with the key that it stands after, and `bound` is the key that its sign means. `is_exact`: the
    value is the number in the text, because the sign includes it.
    """
    why = "" if is_exact else " (bounds are included)"
    if what.endswith(tuple(f": {key}" for key in _BOUNDS if key != bound)):
        return f"; write {bound}: {value}{why}"
    return f"; write {value}, without the sign{why}"
