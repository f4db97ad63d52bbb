"""Sets of the values that meet a condition, so that conditions can be compared without an event."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from operator import eq

_MAX_COMPARISONS = 100


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers from `low` to `high`, both included; a duration counts in seconds."""

    low: float
    high: float

    def is_subset(self, other: "ValueSet") -> bool:
        """Whether every value of this set is surely in the other."""
        return isinstance(other, Interval) and other.low <= self.low and self.high <= other.high

    def intersection(self, other: "ValueSet") -> "ValueSet | None":
        """Return what is left of this set where the other holds, too; None if surely nothing is."""
        if not isinstance(other, Interval):
            return self
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(low, high) if low <= high else None


@dataclass(frozen=True, slots=True)
class Choices:
    """Some of the values of a fact that has exactly one, such as a flag: two values exclude each other."""

    values: frozenset[Hashable]

    def is_subset(self, other: "ValueSet") -> bool:
        """Whether every value of this set is surely in the other."""
        return isinstance(other, Choices) and self.values <= other.values

    def intersection(self, other: "ValueSet") -> "ValueSet | None":
        """Return what is left of this set where the other holds, too; None if surely nothing is."""
        if not isinstance(other, Choices):
            return self
        common = self.values & other.values
        return Choices(common) if common else None


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Ways to meet a condition, of which one is enough; an event may meet several, or others as well.

    `implies(way, other)` returns whether an event that meets one way surely meets the other.
    """

    ways: frozenset[Hashable]
    implies: Callable[[Hashable, Hashable], bool] = eq

    def is_subset(self, other: "ValueSet") -> bool:
        """Whether every event that meets one of these ways surely meets one of the others."""
        if not isinstance(other, Alternatives):
            return False
        if self.ways <= other.ways:
            return True
        if self.implies is eq or len(self.ways) * len(other.ways) > _MAX_COMPARISONS:
            return False
        return all(any(self.implies(way, wider) for wider in other.ways) for way in self.ways)

    def intersection(self, other: "ValueSet") -> "ValueSet | None":  # noqa: ARG002 -- as for the other sets
        """Return this set: no two ways exclude each other."""
        return self


ValueSet = Interval | Choices | Alternatives

TRUE, FALSE = Choices(frozenset({True})), Choices(frozenset({False}))
