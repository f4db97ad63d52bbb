"""Whole numbers, and bounds on them."""

import re

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.bounds import Bounds, bounds_block, meant_value, read_bounds
from shared.rule_files.vocabulary.json_schema import Shape, whole_number
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode
from shared.rules.event.event_facts import Count
from shared.rules.truth import Truth

_COMPARISON = re.compile(r"([<>])(=?) *([0-9]{1,9})")
_RANGE = re.compile(r"([0-9]{1,9}) *(?:-|\.\.|to|\u2013) *([0-9]{1,9})")
_OR_MORE = re.compile(r"([0-9]{1,9}) *\+")


class NumberSyntax:
    """`3`, or `{at_least: 1, at_most: 9}`."""

    form = "A whole number, `3`, or `{at_least: 1, at_most: 9}` with one bound or both, which are included."
    block = bounds_block(
        "The lowest number that matches.",
        "The highest number that matches.",
        whole_number(),
        examples=("1", "9"),
    )

    def shape(self) -> Shape:
        """Return a number or a block of bounds."""
        return {"anyOf": [whole_number(), self.block.shape]}

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Count] | None:
        """Return the number, or its bounds."""
        if isinstance(node, MappingNode):
            bounds = read_bounds(
                node,
                reader,
                name,
                lambda value, what: _read_bound(value, reader, what),
                example=self.block.example,
            )
            if bounds == Bounds(0, None):
                reader.warning(node, f"{name}: at least 0 holds for every event")
            return None if bounds is None else _within(bounds, bounds.in_words(str))
        if isinstance(node, ScalarNode) and (bound := _meant_bound(node.text)):
            reader.problem(node, f"{name} needs a whole number or a bound: write {bound}")
            return None
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            meant = "{at_least: 1}" if node.value else "0"
            reader.problem(node, f"{name} is a number, but this is {describe(node)}; write {meant}")
            return None
        number = reader.whole_number(node, name)
        return None if number is None else _within(Bounds(number, number), str(number))

    def show(self, value: Count) -> str:
        """Return the number, or the range that it is in."""
        return str(value.low) if value.low == value.high else f"{value.low} to {value.high}, some are unknown"


def _within(bounds: Bounds[int], text: str) -> Expectation[Count]:
    low, high = bounds.at_least or 0, bounds.at_most

    def is_met(count: Count) -> Truth:
        if count.high < low or (high is not None and count.low > high):
            return False
        return True if count.low >= low and (high is None or count.high <= high) else None

    return Expectation(text, is_met, bounds.interval(float))


def _read_bound(node: Node, reader: NodeReader, what: str) -> int | None:
    found = _COMPARISON.fullmatch(node.text.strip()) if isinstance(node, ScalarNode) else None
    if found is None:
        return reader.whole_number(node, what)
    meant = meant_value(what, *_compared_bound(found), is_exact=bool(found[2]))
    reader.problem(node, f"{what} needs a whole number, but this is {describe(node)}{meant}")
    return None


def _meant_bound(text: str) -> str:
    """Return the bounds that `>= 3`, `3+` or `1-9` mean, as YAML; empty for any other text."""
    if span := _RANGE.fullmatch(text):
        return f"{{at_least: {span[1]}, at_most: {span[2]}}}"
    if least := _OR_MORE.fullmatch(text):
        return f"{{at_least: {least[1]}}}"
    if found := _COMPARISON.fullmatch(text):
        bound, number = _compared_bound(found)
        return f"{{{bound}: {number}}}"
    return ""


def _compared_bound(comparison: re.Match[str]) -> tuple[str, str]:
    """Return the bound that `> 3` means, and its number, which differs: bounds are included."""
    sign, equal, number = comparison.groups()
    if sign == ">":
        return "at_least", str(int(number) + (not equal))
    return "at_most", str(max(0, int(number) - (not equal)))
