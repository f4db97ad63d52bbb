"""Numbers as rules expect them."""

import re
from collections.abc import Callable

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.vocabulary.bounds import bounds_block, read_bounds, span_of, told_bounds
from shared.rule_files.vocabulary.json_schema import Shape, whole_number
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode
from shared.rules.event.event_facts import Count, Truth
from shared.rules.extents import Span

_COMPARED = re.compile(r"([<>])(=?) *([0-9]{1,9})")
_RANGE = re.compile(r"([0-9]{1,9}) *(?:-|\.\.|to|\u2013) *([0-9]{1,9})")
_FROM = re.compile(r"([0-9]{1,9}) *\+")


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
        """Return the number, or its bounds, both included."""
        if isinstance(node, MappingNode):
            bounds = read_bounds(node, reader, name, reader.whole_number)
            if bounds == (0, None):
                reader.warning(node, f"{name}: at least 0 holds for every event")
            return bounds and Expectation(
                told_bounds(bounds, str), _count_within(*bounds), span_of(bounds, float)
            )
        if isinstance(node, ScalarNode) and (bound := _compared(node.text)):
            reader.problem(node, f"{name} needs a whole number or a bound: write {bound}")
            return None
        number = reader.whole_number(node, name)
        if number is None:
            return None
        return Expectation(str(number), _count_within(number, number), Span(number, number))

    def show(self, value: Count) -> str:
        """Return the number, or the range it lies in."""
        return (
            str(value.low) if value.low == value.high else f"{value.low} to {value.high}, some can't be told"
        )


def _compared(text: str) -> str:
    """Return the bound that `>= 3` and the like stand for; empty where the text is none of them."""
    if span := _RANGE.fullmatch(text):
        return f"{{at_least: {span[1]}, at_most: {span[2]}}}"
    if least := _FROM.fullmatch(text):
        return f"{{at_least: {least[1]}}}"
    found = _COMPARED.fullmatch(text)
    if found is None:
        return ""
    sign, equal, number = found.groups()
    if sign == ">":
        return f"{{at_least: {int(number) + (not equal)}}}"
    return f"{{at_most: {max(0, int(number) - (not equal))}}}"


def _count_within(least: int | None, most: int | None) -> Callable[[Count], Truth]:
    low = least or 0

    def met(count: Count) -> Truth:
        if count.high < low or (most is not None and count.low > most):
            return False
        return True if count.low >= low and (most is None or count.high <= most) else None

    return met
