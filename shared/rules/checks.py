"""What is allowed in rule files and hardly meant: each check looks at the rules as they were read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from shared.domain.decision import Action, Mode
from shared.rules.catalogue import CATALOGUE
from shared.rules.domains import Domains
from shared.rules.policy import Rule
from shared.rules.reader import Reader
from shared.rules.syntaxes import FlagSyntax, NamesSyntax
from shared.rules.text_syntax import OPERATORS
from shared.rules.yaml_nodes import Listing, Mapping, Node, Scalar, shown

#: a node without its places, so that equal conditions are equal wherever they stand
_Form = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule with the node that it was read from, and the reader that takes note of its problems."""

    rule: Rule
    node: Mapping
    reader: Reader

    def at(self, key: str) -> Node:
        """Return the node of one of the rule's keys, the rule itself where it has no such key."""
        return _value(self.node, key) or self.node


def check_rules(rules: Sequence[PlacedRule], today: date | None) -> None:
    """Note what is wrong with rules one by one and in their order; without `today` none has expired."""
    for placed in rules:
        _check_conditions(placed)
        _check_quotes(placed)
        _check_care(placed)
        if today is not None:
            _check_expired(placed, today)
    _check_reached(rules)


def _check_conditions(placed: PlacedRule) -> None:
    when, unless = placed.at("when"), _value(placed.node, "unless")
    for block in (*_blocks(when), *_blocks(unless)):
        for contradiction in _CONTRADICTIONS:
            contradiction(block, placed.reader)
    if unless is None or not isinstance(when, Mapping):
        return
    for key in _both(when, unless):
        text = f"the rule can never match: {key.text} stands in when and in unless alike"
        placed.reader.problem(key, text)


def _both(block: Mapping, ruled_out: Node) -> Iterator[Scalar]:
    """Yield the keys of conditions that must hold for the block to hold, and are ruled out."""
    wanted = {_form(entry) for entry in _single(block)}
    for key, value in _alternatives(ruled_out):
        if _form((key, value)) in wanted:
            yield key


def _blocks(node: Node | None) -> Iterator[Mapping]:
    """Yield the mappings of conditions in a condition, all keys of each of which must hold."""
    if isinstance(node, Mapping):
        yield node
    children = node.items if isinstance(node, Listing) else ()
    if isinstance(node, Mapping):
        children = tuple(value for key, value in node.entries if key.text in {"all", "any", "not"})
    for child in children:
        yield from _blocks(child)


def _single(block: Mapping) -> Iterator[tuple[Scalar, Node]]:
    """Yield the conditions that must hold for the block to hold."""
    for key, value in block.entries:
        yield key, value
        if key.text == "all" and isinstance(value, Listing):
            for item in value.items:
                yield from _single(item) if isinstance(item, Mapping) else ()


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
    low, high = _value(node, "at_least"), _value(node, "at_most")
    return _Bounds(
        low.value if isinstance(low, Scalar) and isinstance(low.value, int) else 0,
        high.value if isinstance(high, Scalar) and isinstance(high.value, int) else float("inf"),
    )


def _fewer_than_externals(block: Mapping, reader: Reader) -> None:
    everybody, external = _value(block, "attendees"), _value(block, "external_attendees")
    if everybody is not None and external is not None and _bounds(everybody).high < _bounds(external).low:
        reader.problem(
            external, "this can never hold: external_attendees asks for more people than attendees"
        )


def _nobody_invited(block: Mapping, reader: Reader) -> None:
    attendee = _value(block, "attendee")
    if attendee is not None and _bounds(_value(block, "attendees")).high == 0:
        reader.problem(attendee, "this can never hold: attendees asks that nobody is invited")


def _nowhere(block: Mapping, reader: Reader) -> None:
    has, location = _value(block, "has_location"), _value(block, "location")
    if location is not None and isinstance(has, Scalar) and has.value is False:
        reader.problem(location, "this can never hold: has_location asks for no location")


def _series(block: Mapping, reader: Reader) -> None:
    recurring, kind = _value(block, "is_recurring"), _value(block, "type")
    if not isinstance(recurring, Scalar) or kind is None:
        return
    kinds = {word.text.lower() for word in _items(kind) if isinstance(word, Scalar)}
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
    for key, value in _single(block):
        if key.text in _ONE_VALUE:
            values = {item.text.strip().casefold() for item in _items(value) if isinstance(item, Scalar)}
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


def _check_quotes(placed: PlacedRule) -> None:
    for block in (*_blocks(placed.at("when")), *_blocks(_value(placed.node, "unless"))):
        for _, value in block.entries:
            for word in _words(value):
                if word.plain and word.text[0] in _TYPOGRAPHIC:
                    kept = f"the quotes of {shown(word.text)} are part of the text; YAML's own are \" and '"
                    placed.reader.warning(word, kept)


def _words(node: Node) -> Iterator[Scalar]:
    """Yield the words of one condition, those in conditions below it aside."""
    if isinstance(node, Scalar) and node.text:
        yield node
    if isinstance(node, Listing):
        for item in node.items:
            yield from _words(item) if isinstance(item, Scalar) else ()
    if isinstance(node, Mapping):
        for key, value in node.entries:
            yield from _words(value) if key.text in OPERATORS else ()


_TYPOGRAPHIC = frozenset("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a")


def _check_care(placed: PlacedRule) -> None:
    rule = placed.rule
    for key in ("limits", "provider") if rule.action is Action.SKIP else ():
        if _value(placed.node, key) is not None:
            idle = f"{key} means nothing in a rule that skips; remove it"
            placed.reader.warning(placed.at(key), idle)
    if rule.mode is not Mode.ENFORCE or rule.action is not Action.ENABLE:
        return
    if rule.limits.per_hour is None and rule.limits.per_mailbox_per_day is None:
        wild = "the rule is enforced without limits; limits: {per_hour: 200} stops one that runs wild"
        placed.reader.warning(placed.at("mode"), wild)
    if not rule.tests:
        placed.reader.warning(
            placed.at("mode"), "the rule is enforced without tests; tests show what it does"
        )


def _check_expired(placed: PlacedRule, today: date) -> None:
    active = placed.rule.active
    if active is not None and active.end is not None and active.end.date() <= today:
        over = f"the rule is over since {active.end:%Y-%m-%d}; remove it, or change active"
        placed.reader.warning(placed.at("active"), over)


def _check_reached(rules: Sequence[PlacedRule]) -> None:
    """Note rules that an earlier one, which asks for less, always decides before.

    An enforced rule decides before all others; one in report mode before those in report mode, whose promise
    counts it as promoted.
    """
    earlier: dict[Mode, dict[frozenset[_Form], PlacedRule]] = {Mode.ENFORCE: {}, Mode.REPORT: {}}
    for placed in rules:
        mode = placed.rule.mode
        if mode is Mode.OFF:
            continue
        conditions = frozenset(_form(entry) for entry in _single_of(placed))
        by = _broader(earlier[mode], conditions)
        if by is not None:
            # An id that stands twice is told already.
            if by.rule.id != placed.rule.id:
                _note_unreached(placed, by)
        elif placed.rule.active is None:
            for before in earlier.values() if mode is Mode.ENFORCE else (earlier[mode],):
                before.setdefault(conditions, placed)


def _single_of(placed: PlacedRule) -> Iterator[tuple[Scalar, Node]]:
    when = placed.at("when")
    if isinstance(when, Mapping):
        yield from _single(when)
    for key, value in placed.node.entries:
        if key.text == "unless":
            yield key, value


def _broader(earlier: dict[frozenset[_Form], PlacedRule], conditions: frozenset[_Form]) -> PlacedRule | None:
    return next((earlier[some] for some in _subsets(conditions) if some in earlier), None)


def _subsets(conditions: frozenset[_Form]) -> Iterator[frozenset[_Form]]:
    """Yield the subsets, the empty one first and the whole set last; of a large set only these two."""
    ordered = tuple(conditions)
    few = len(ordered) <= _MOST_COMPARED
    for bits in range((1 << len(ordered)) - 1) if few else (0,):
        yield frozenset(one for place, one in enumerate(ordered) if bits >> place & 1)
    yield conditions


#: all subsets of so many conditions are looked up, so their number is bounded
_MOST_COMPARED = 6


def _note_unreached(placed: PlacedRule, by: PlacedRule) -> None:
    where = f'"{by.rule.id}" ({by.rule.file}:{by.rule.line})'
    placed.reader.warning(
        placed.node,
        f"the rule is never reached: whatever it matches, rule {where} matches before it, and decides",
    )


def check_lists(
    lists: Iterable[tuple[Scalar, tuple[Node, ...]]], reader: Reader, internal: tuple[str, ...]
) -> None:
    """Note lists that nothing uses, and the house's domains (`internal`) in a list that holds others' too."""
    own, own_words = Domains(internal), frozenset(internal)
    for name, items in lists:
        if name.text not in reader.lists.used:
            reader.warning(name, f'the list "{shown(name.text)}" is not used anywhere')
        words = [item for item in items if isinstance(item, Scalar)]
        ours = [item for item in words if _domain(item.text) in own or item.text.strip().lower() in own_words]
        if len(ours) < len(words):
            for item in ours:
                house = f"{shown(item.text)} is your own, by internal_domains, but this list holds others too"
                reader.warning(item, f'the list "{shown(name.text)}": {house}')


def _domain(word: str) -> str:
    return word.strip().lower().rpartition("@")[2]


def _value(node: Node | None, key: str) -> Node | None:
    entries = node.entries if isinstance(node, Mapping) else ()
    return next((value for name, value in entries if name.text == key), None)


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Listing) else (node,)


def _form(node: Node | tuple[Scalar, Node]) -> _Form:
    if isinstance(node, tuple):
        return node[0].text, _form(node[1])
    if isinstance(node, Mapping):
        return "keys", frozenset(_form(entry) for entry in node.entries)
    if isinstance(node, Listing):
        return "list", tuple(_form(item) for item in node.items)
    return node.text, node.plain
