"""What is allowed in rule files and hardly meant: each check looks at the rules as they were read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from shared.domain.decision import Action, Mode
from shared.domain.mail_domains import Domains
from shared.rule_files.checks.implications import Conjunction, parts_of
from shared.rule_files.checks.reachability import unreached
from shared.rule_files.problems import FileLine
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.session import Session
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, shorten, value_of
from shared.rules.policy import Rule


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule with the node that it was read from, and the reader that takes note of its problems."""

    rule: Rule
    node: MappingNode
    reader: NodeReader

    def at(self, key: str) -> Node:
        """Return the node of one of the rule's keys, the rule itself where it has no such key."""
        return value_of(self.node, key) or self.node


def check_rules(rules: Sequence[PlacedRule], today: date | None, session: Session) -> None:
    """Note what is wrong with rules one by one and in their order; without `today` none has expired."""
    groups = frozenset().union(*(placed.rule.groups for placed in rules))
    for placed in rules:
        _check_care(placed)
        _check_members(placed, groups)
        if today is not None:
            _check_expired(placed, today)
    _check_protection(rules)
    _check_reached(rules, session)


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


def _check_members(placed: PlacedRule, groups: frozenset[str]) -> None:
    for test in placed.rule.tests:
        for group in sorted(test.members.keys() - groups):
            placed.reader.warning(test.place, f"members: no rule asks for the group {group}")


def _check_protection(rules: Sequence[PlacedRule]) -> None:
    """Note rules that skip in report mode above one that writes: they keep no event from it."""
    for place, each in enumerate(rules):
        if each.rule.mode is not Mode.REPORT or each.rule.action is not Action.SKIP:
            continue
        writing = next((after.rule for after in rules[place:] if _writes_beside(after, each)), None)
        if writing is not None:
            only = f'in report mode it keeps no event from rule "{writing.id}", which is enforced below it'
            each.reader.warning(each.at("mode"), f"{only}; write mode: enforce, or off")


def _writes_beside(writes: PlacedRule, skips: PlacedRule) -> bool:
    """Whether a rule writes, and may do so to events that the other one would skip."""
    if writes.rule.mode is not Mode.ENFORCE or writes.rule.action is not Action.ENABLE:
        return False
    beside = Conjunction((skips.rule.when,), skips.reader.session.comparison_budget)
    return not beside.rules_out(writes.rule.when)


def check_guarded(rules: Sequence[PlacedRule]) -> None:
    """Note rules that ask for another join link where a guard keeps such events from all rules."""
    for placed in rules:
        for part in parts_of(placed.rule.when) if placed.rule.mode is not Mode.OFF else ():
            if part.name == "has_other_join_link" and part.expected == "true":
                kept = "other_join_links: skip keeps such events from all rules; to ask, set it to ignore"
                placed.reader.warning(part.place, f"this can never hold: {kept}")


def _check_expired(placed: PlacedRule, today: date) -> None:
    active = placed.rule.active
    if active is not None and active.end is not None and active.end.date() <= today:
        over = f"the rule is over since {active.end:%Y-%m-%d}; remove it, or change active"
        placed.reader.warning(placed.at("active"), over)


def _check_reached(rules: Sequence[PlacedRule], session: Session) -> None:
    placed = {id(each.rule): each for each in rules}
    for rule, by in unreached([each.rule for each in rules], session.comparison_budget):
        if by.id != rule.id:  # an id that stands twice is told already
            each = placed[id(rule)]
            first = f'rule "{by.id}" ({{other}})'
            never = f"the rule is never reached: whatever it matches, {first} matches before it, and decides"
            each.reader.warning(each.node, never, other=FileLine(by.file, by.line))


def check_lists(
    lists: Iterable[tuple[ScalarNode, tuple[Node, ...]]], reader: NodeReader, internal: tuple[str, ...]
) -> None:
    """Note lists that nothing uses, and the house's domains (`internal`) in a list that holds others' too."""
    own, own_words = Domains(internal), frozenset(internal)
    used = {name for name, _by in reader.lists.used}
    of_guests = {name for name, by in reader.lists.used if by == "attendee"}
    for name, items in lists:
        if name.text not in used:
            reader.warning(name, f'the list "{shorten(name.text)}" is not used anywhere')
        words = [item for item in items if isinstance(item, ScalarNode) and "@" not in item.text]
        domains = [(item, item.text.strip().lower()) for item in words]
        ours = [item for item, domain in domains if domain in own or domain in own_words]
        if name.text in of_guests and len(ours) < len(items):
            for item in ours:
                house = (
                    f"{shorten(item.text)} is your own, by internal_domains, but this list holds others too"
                )
                reader.warning(item, f'the list "{shorten(name.text)}": {house}')
