"""What is allowed in rule files and hardly meant: each check looks at the rules as they were read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from shared.domain.decision import Action, Mode
from shared.rules.condition_nodes import Form, form_of, required, value_of
from shared.rules.contradictions import check_contradictions
from shared.rules.domains import Domains
from shared.rules.policy import Rule
from shared.rules.reader import Reader
from shared.rules.yaml_nodes import Listing, Mapping, Node, Scalar, shown


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule with the node that it was read from, and the reader that takes note of its problems."""

    rule: Rule
    node: Mapping
    reader: Reader

    def at(self, key: str) -> Node:
        """Return the node of one of the rule's keys, the rule itself where it has no such key."""
        return value_of(self.node, key) or self.node


def check_rules(rules: Sequence[PlacedRule], today: date | None) -> None:
    """Note what is wrong with rules one by one and in their order; without `today` none has expired."""
    for placed in rules:
        check_contradictions(placed.at("when"), value_of(placed.node, "unless"), placed.reader)
        _check_quotes(placed)
        _check_care(placed)
        if today is not None:
            _check_expired(placed, today)
    _check_reached(rules)


def _check_quotes(placed: PlacedRule) -> None:
    for key in ("when", "unless"):
        for word in _words(value_of(placed.node, key)):
            if word.plain and word.text[:1] in _TYPOGRAPHIC:
                kept = f"the quotes of {shown(word.text)} are part of the text; YAML's own are \" and '"
                placed.reader.warning(word, kept)


def _words(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    children = [value for _, value in node.entries] if isinstance(node, Mapping) else []
    for child in node.items if isinstance(node, Listing) else children:
        yield from _words(child)


_TYPOGRAPHIC = frozenset("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a")


def _check_care(placed: PlacedRule) -> None:
    rule = placed.rule
    for key in ("limits", "provider") if rule.action is Action.SKIP else ():
        if value_of(placed.node, key) is not None:
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
    earlier: dict[Mode, dict[frozenset[Form], PlacedRule]] = {Mode.ENFORCE: {}, Mode.REPORT: {}}
    for placed in rules:
        mode = placed.rule.mode
        if mode is Mode.OFF:
            continue
        conditions = frozenset(form_of(entry) for entry in _single_of(placed))
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
        yield from required(when)
    for key, value in placed.node.entries:
        if key.text == "unless":
            yield key, value


def _broader(earlier: dict[frozenset[Form], PlacedRule], conditions: frozenset[Form]) -> PlacedRule | None:
    return next((earlier[some] for some in _subsets(conditions) if some in earlier), None)


def _subsets(conditions: frozenset[Form]) -> Iterator[frozenset[Form]]:
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
