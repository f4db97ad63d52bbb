"""Which values meet a condition, so that conditions can be compared with each other, without an event."""

from collections.abc import Callable, Hashable
from operator import eq
from typing import NamedTuple

_MOST_COMPARED = 100


class Span(NamedTuple):
    """A number from `low` to `high`, both included; of a time, its seconds."""

    low: float
    high: float

    def is_within(self, other: "Extent") -> bool:
        """Whether what is met here is met there, too."""
        return isinstance(other, Span) and other.low <= self.low and self.high <= other.high

    def meet(self, other: "Extent") -> "Extent | None":
        """Return what is met in both; None where nothing can be."""
        assert isinstance(other, Span)
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Span(low, high) if low <= high else None


class AnyOf(NamedTuple):
    """Any of some words, or of whatever else stands for a way to meet the condition.

    `is_single` tells that an event has exactly one value, so that two of them exclude each other; `includes`
    tells whether one word is met wherever another is, where that takes more than being the same.
    """

    words: frozenset[Hashable]
    is_single: bool = False
    includes: Callable[[Hashable, Hashable], bool] = eq

    def is_within(self, other: "Extent") -> bool:
        """Whether what is met here is met there, too; of many words, only by being the same."""
        if not isinstance(other, AnyOf):
            return False
        if self.words <= other.words:
            return True
        if self.includes is eq or len(self.words) * len(other.words) > _MOST_COMPARED:
            return False
        return all(any(self.includes(wide, word) for wide in other.words) for word in self.words)

    def meet(self, other: "Extent") -> "Extent | None":
        """Return what is met in both; None where nothing can be."""
        assert isinstance(other, AnyOf)
        if not self.is_single:
            return self
        both = self.words & other.words
        return AnyOf(both, is_single=True) if both else None


Extent = Span | AnyOf
