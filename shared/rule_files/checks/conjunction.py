"""Conditions that hold together: what they imply, and what they exclude."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.rule_files.reading.session import Budget
from shared.rules.conditions import Condition
from shared.rules.value_sets import ValueSet


@dataclass(frozen=True, slots=True)
class Constraint:
    """The values that a condition allows for a fact: its own, or one that it says something about."""

    allowed: ValueSet
    condition: Condition


class Conjunction:
    """Conditions that all hold; the conditions inside an `all` are among them.

    What is not certain counts as false. `budget` limits the comparisons: once it is spent, nothing is
    certain.
    """

    def __init__(self, conditions: Iterable[Condition], budget: Budget) -> None:
        #: by the name of the condition that tests the fact
        self.constraints: dict[str, list[Constraint]] = defaultdict(list)
        self.leaves: list[Condition] = []
        self.disjunctions: list[Condition] = []
        self.negations: list[Condition] = []
        self._budget = budget
        for condition in conditions:
            for part in parts_of(condition):
                budget.spend(1)
                self._add(part)

    def _add(self, part: Condition) -> None:
        if part.name == "any":
            self.disjunctions.append(part)
        elif part.name == "not":
            self.negations.append(part)
        else:
            self.leaves.append(part)
            if part.accepts is not None:
                self.constraints[part.name].append(Constraint(part.accepts, part))
            for name, values in part.implied:
                self.constraints[name].append(Constraint(values, part))

    def implies(self, condition: Condition) -> bool:
        """Whether the condition surely holds if these hold."""
        if not self._budget.spend(1):
            return False
        match condition.name:
            case "all":
                return all(map(self.implies, condition.children))
            case "any":
                return any(map(self.implies, condition.children)) or self._each_way_implies(condition)
            case "not":
                return self.excludes(condition.children[0])
            case _:
                return self._constrains_to(condition) or self._each_way_implies(condition)

    def _constrains_to(self, leaf: Condition) -> bool:
        constraints = self.constraints.get(leaf.name, ())
        return self._budget.spend(len(constraints)) and any(
            leaf.accepts is not None and constraint.allowed.is_subset(leaf.accepts)
            for constraint in constraints
        )

    def _each_way_implies(self, condition: Condition) -> bool:
        """Whether every alternative of an `any` implies the condition."""
        return not self._budget.is_spent and any(
            all(Conjunction((way,), self._budget).implies(condition) for way in disjunction.children)
            for disjunction in self.disjunctions
        )

    def excludes(self, condition: Condition) -> bool:
        """Whether the condition surely fails if these hold."""
        if self._budget.is_spent:
            return False
        other = Conjunction((condition,), self._budget)
        if any(other.implies(negation.children[0]) for negation in self.negations):
            return True
        return any(
            self._budget.spend(1) and ours.allowed.intersection(theirs.allowed) is None
            for name, constraints in other.constraints.items()
            for theirs in constraints
            for ours in self.constraints.get(name, ())
        )


def parts_of(condition: Condition) -> Iterator[Condition]:
    """Yield the condition, or the conditions that its `all` joins, also those of an inner `all`."""
    left = [condition]
    while left:
        part = left.pop()
        if part.name == "all":
            left.extend(reversed(part.children))
        else:
            yield part
