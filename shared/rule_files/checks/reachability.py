"""Warnings about rules that are never reached: an earlier rule decides about every event that they match."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.domain.decision import Action, Mode
from shared.rule_files.checks.check_input import CheckInput
from shared.rule_files.checks.conjunction import Conjunction
from shared.rule_files.problems import FileLine, Problem
from shared.rule_files.reading.session import Budget
from shared.rules.conditions import Condition, none_of
from shared.rules.policy import ActivePeriod, Rule


def check_reachability(given: CheckInput) -> Iterator[Problem]:
    """Yield each rule that is never reached, with the rule that decides before it."""
    by_rule = {id(placed.rule): placed for placed in given.rules}
    for rule, earlier in unreached([placed.rule for placed in given.rules], given.budget):
        if earlier.id != rule.id:  # another problem reports a repeated id
            placed = by_rule[id(rule)]
            never = (
                f'rule "{earlier.id}" ({{other}}) is before it and decides about every event that it matches'
            )
            other = FileLine(earlier.file, earlier.line)
            yield placed.warning(placed.node, f"the rule is never reached: {never}", other=other)


@dataclass(frozen=True, slots=True)
class _Conditions:
    """What a rule requires: `when`, and that `unless` fails."""

    rule: Rule
    parts: tuple[Condition, ...]
    conjunction: Conjunction

    @property
    def names(self) -> frozenset[str]:
        """The names of the conditions outside of `any` and `not`."""
        return frozenset(leaf.name for leaf in self.conjunction.leaves)

    @property
    def can_be_unknown(self) -> bool:
        """Whether one of these conditions is unknown for some events."""
        return any(leaf.can_be_unknown for leaf in self.conjunction.leaves)


def unreached(rules: Sequence[Rule], budget: Budget) -> Iterator[tuple[Rule, Rule]]:
    """Yield each rule that is never reached, with the earlier rule that always decides before it.

    An enforced rule decides before all later rules. A rule in report mode decides before later ones in report
    mode: their projection counts it as promoted. Once the budget is spent, no more rules are found.
    """
    earlier: dict[Mode, list[_Conditions]] = {Mode.ENFORCE: [], Mode.REPORT: []}
    for rule in rules:
        if rule.mode is Mode.OFF:
            continue
        if budget.is_spent:
            return
        later = _conditions_of(rule, budget)
        by = next((each for each in earlier[rule.mode] if _decides_before(each, later, budget)), None)
        if by is not None:
            yield rule, by.rule
            continue
        for rules_of_mode in earlier.values() if rule.mode is Mode.ENFORCE else (earlier[rule.mode],):
            rules_of_mode.append(later)


def _conditions_of(rule: Rule, budget: Budget) -> _Conditions:
    parts = (rule.when,) if rule.unless is None else (rule.when, none_of(rule.unless, rule.unless.place))
    return _Conditions(rule, parts, Conjunction(parts, budget))


def _decides_before(earlier: _Conditions, later: _Conditions, budget: Budget) -> bool:
    if not budget.spend(1) or not _is_within(later.rule.active, earlier.rule.active):
        return False
    conjunction = later.conjunction
    if not conjunction.disjunctions and not earlier.names <= conjunction.constraints.keys():
        return False  # a quick answer: nothing is known about one of the facts
    if _is_limited(earlier.rule):
        return False  # above its limit, the rule lets later rules decide
    # While the earlier rule is unknown, a later rule that skips still keeps others from enabling.
    is_cautious = (earlier.rule.action, later.rule.action) == (Action.ENABLE, Action.SKIP)
    if is_cautious and earlier.can_be_unknown:
        return False
    return all(map(conjunction.implies, earlier.parts))


def _is_limited(rule: Rule) -> bool:
    limits = rule.limits
    return rule.action is Action.ENABLE and (limits.per_hour or limits.per_mailbox_per_day) is not None


def _is_within(inner: ActivePeriod | None, outer: ActivePeriod | None) -> bool:
    if outer is None:
        return True
    if inner is None:
        return outer.start is None and outer.end is None
    starts = outer.start is None or (inner.start is not None and outer.start <= inner.start)
    ends = outer.end is None or (inner.end is not None and inner.end <= outer.end)
    return starts and ends
