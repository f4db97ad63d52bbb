"""Conditions that can never hold, and rules that can never match."""

from collections.abc import Iterator
from typing import NamedTuple

from shared.rules.catalogue import CATALOGUE
from shared.rules.condition_nodes import blocks_of, form_of, items_of, required, value_of
from shared.rules.reader import Reader
from shared.rules.syntaxes import FlagSyntax, NamesSyntax
from shared.rules.yaml_nodes import Listing, Mapping, Node, Scalar


def check_contradictions(when: Node, unless: Node | None, reader: Reader) -> None:
    """Note what contradicts itself in a rule's conditions."""
    for block in (*blocks_of(when), *blocks_of(unless)):
        for contradiction in _CONTRADICTIONS:
            contradiction(block, reader)
    if unless is None or not isinstance(when, Mapping):
        return
    for key in _both(when, unless):
        text = f"the rule can never match: {key.text} stands in when and in unless alike"
        reader.problem(key, text)


def _both(block: Mapping, ruled_out: Node) -> Iterator[Scalar]:
    """Yield the keys of conditions that must hold for the block to hold, and are ruled out."""
    wanted = {form_of(entry) for entry in required(block)}
    for key, value in _alternatives(ruled_out):
        if form_of((key, value)) in wanted:
            yield key


def _alternatives(unless: Node) -> Iterator[tuple[Scalar, Node]]:
    """Yield the conditions each of which alone makes `unless` hold."""
    if isinstance(unless, Mapping) and len(unless.entries) == 1:
        [(key, value)] = unless.entries
        yield key, value
        if key.text == "any" and isinstance(value, Listing):
            for item in value.items:
                yield from _alternatives(item)


class _Bounds(NamedTuple):
    low: int
    high: float


def _bounds(node: Node | None) -> _Bounds:
    if isinstance(node, Scalar) and isinstance(node.value, int):
        return _Bounds(node.value, node.value)
    low, high = value_of(node, "at_least"), value_of(node, "at_most")
    return _Bounds(
        low.value if isinstance(low, Scalar) and isinstance(low.value, int) else 0,
        high.value if isinstance(high, Scalar) and isinstance(high.value, int) else float("inf"),
    )


def _fewer_than_externals(block: Mapping, reader: Reader) -> None:
    everybody, external = value_of(block, "attendees"), value_of(block, "external_attendees")
    if everybody is not None and external is not None and _bounds(everybody).high < _bounds(external).low:
        reader.problem(
            external, "this can never hold: external_attendees asks for more people than attendees"
        )


def _nobody_invited(block: Mapping, reader: Reader) -> None:
    attendee = value_of(block, "attendee")
    if attendee is not None and _bounds(value_of(block, "attendees")).high == 0:
        reader.problem(attendee, "this can never hold: attendees asks that nobody is invited")


def _nowhere(block: Mapping, reader: Reader) -> None:
    has, location = value_of(block, "has_location"), value_of(block, "location")
    if location is not None and isinstance(has, Scalar) and has.value is False:
        reader.problem(location, "this can never hold: has_location asks for no location")


def _series(block: Mapping, reader: Reader) -> None:
    recurring, kind = value_of(block, "is_recurring"), value_of(block, "type")
    if not isinstance(recurring, Scalar) or kind is None:
        return
    kinds = {word.text.lower() for word in items_of(kind) if isinstance(word, Scalar)}
    never = kinds == {"singleinstance"} if recurring.value is True else "singleinstance" not in kinds
    if never:
        reader.problem(kind, "this can never hold: type and is_recurring contradict each other")


def _held_and_not(block: Mapping, reader: Reader) -> None:
    for key, value in block.entries:
        if key.text == "not":
            for both in _both(block, value):
                reader.problem(both, f"this can never hold: {both.text} is asked for, and ruled out by not")


def _two_values(block: Mapping, reader: Reader) -> None:
    """Note what asks for two values of something that has one, in the items of an `all`."""
    first: dict[str, Scalar] = {}
    left: dict[str, set[str]] = {}
    for key, value in required(block):
        if key.text in _ONE_VALUE:
            values = {item.text.strip().casefold() for item in items_of(value) if isinstance(item, Scalar)}
            left[key.text] = left.get(key.text, values) & values
            if not left[key.text]:
                line = first[key.text].line
                reader.problem(key, f"this can never hold: line {line} asks for another {key.text}")
                return
            first.setdefault(key.text, key)


#: conditions on what has one value of a few in every event
_ONE_VALUE = frozenset(
    name
    for name, kind in CATALOGUE.items()
    if isinstance(kind.syntax, FlagSyntax) or (isinstance(kind.syntax, NamesSyntax) and kind.syntax.choices)
)
_CONTRADICTIONS = (
    _fewer_than_externals, _nobody_invited, _nowhere, _series, _held_and_not, _two_values
)  # fmt: skip
