"""Errors: conditions that can never hold, and rules that can never match."""

from collections.abc import Iterator, Sequence

from shared.rule_files.checks.check_input import CheckInput, PlacedRule
from shared.rule_files.checks.conjunction import Conjunction, Constraint
from shared.rule_files.problems import Problem
from shared.rule_files.reading.session import Budget
from shared.rules.conditions import Condition


def check_contradictions(given: CheckInput) -> Iterator[Problem]:
    """Yield what contradicts itself in the conditions of each rule."""
    for placed in given.rules:
        yield from _contradictions_of(placed, given.budget)


def _contradictions_of(placed: PlacedRule, budget: Budget) -> Iterator[Problem]:
    when, unless = placed.rule.when, placed.rule.unless
    for condition in (when,) if unless is None else (when, unless):
        for conjunction in _conjunctions_in(condition, budget):
            yield from _contradictions_in(conjunction, placed)
    if unless is not None:
        implied = _implied_part(Conjunction((when,), budget), unless)
        if implied is not None:
            never = "every event that meets when also meets this condition of unless"
            yield placed.error(implied.place, f"the rule can never match: {never}")


def _conjunctions_in(condition: Condition, budget: Budget) -> Iterator[Conjunction]:
    """Yield the sets of conditions that must hold together; each condition is in one of them."""
    if condition.name != "all" or len(condition.children) <= 1:
        for child in condition.children:
            yield from _conjunctions_in(child, budget)
        return
    conjunction = Conjunction((condition,), budget)
    yield conjunction
    for join in (*conjunction.disjunctions, *conjunction.negations):
        yield from _conjunctions_in(join, budget)


def _contradictions_in(conjunction: Conjunction, placed: PlacedRule) -> Iterator[Problem]:
    for constraints in conjunction.constraints.values():
        if (pair := _contradicting(constraints)) is not None:
            first, second = sorted(pair, key=lambda condition: (condition.place.line, condition.place.column))
            other = f"{first.name} {first.expected} in line {first.place.line}"
            yield placed.error(second.place, f"this can never hold together with {other}")
    for negation in conjunction.negations:
        implied = _implied_part(conjunction, negation.children[0])
        if implied is not None:
            yield placed.error(implied.place, "this can never hold: it is both required and excluded by not")


def _contradicting(constraints: Sequence[Constraint]) -> tuple[Condition, Condition] | None:
    """Return two conditions that exclude each other; None if all constraints can be met together."""
    common = constraints[0].allowed
    for number, constraint in enumerate(constraints[1:], start=1):
        remaining = common.intersection(constraint.allowed)
        if remaining is None:
            # Three can exclude each other although no two do; then the first stands for the others.
            earlier = next(
                (
                    each
                    for each in constraints[:number]
                    if each.allowed.intersection(constraint.allowed) is None
                ),
                constraints[0],
            )
            same = earlier.condition is constraint.condition
            return None if same else (earlier.condition, constraint.condition)
        common = remaining
    return None


def _implied_part(conjunction: Conjunction, condition: Condition) -> Condition | None:
    """Return the condition, or the alternative in it, that surely holds with the others."""
    if condition.name == "any":
        parts = (_implied_part(conjunction, child) for child in condition.children)
        return next((part for part in parts if part is not None), None)
    if not conjunction.implies(condition):
        return None
    is_single = condition.name == "all" and len(condition.children) == 1
    return _implied_part(conjunction, condition.children[0]) if is_single else condition
