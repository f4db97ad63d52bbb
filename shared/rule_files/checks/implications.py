"""Conditions that hold together, and what follows from them."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple

from shared.rule_files.reading.session import Budget
from shared.rules.conditions import Condition
from shared.rules.extents import AnyOf, Extent, Span


class Claim(NamedTuple):
    """What a condition, `by`, says of a value: it lies in `extent`. Of what joins others nothing is known."""

    extent: Extent | None
    by: Condition


class Conjunction:
    """Conditions all of which hold, those inside their `all` among them.

    `claims` are what they say, by the name of the condition. `budget` bounds how many are compared; when it
    is spent, nothing more follows.
    """

    def __init__(self, conditions: Iterable[Condition], budget: Budget) -> None:
        self.claims: dict[str, list[Claim]] = {}
        self._budget = budget
        for condition in conditions:
            for part in parts_of(condition):
                budget.spend(1)
                self._claim(part.name, Claim(part.extent, part))
                if part.name in _FOLLOWS and part.extent is not None:
                    name, extent = _FOLLOWS[part.name](part.extent)
                    if extent is not None:
                        self._claim(name, Claim(extent, part))

    def _claim(self, name: str, claim: Claim) -> None:
        self.claims.setdefault(name, []).append(claim)

    def joined(self, name: str) -> Iterator[Condition]:
        """Yield the conditions that join others by this name, `any` or `not`."""
        return (claim.by for claim in self.claims.get(name, ()))

    def implies(self, wanted: Condition) -> bool:
        """Whether `wanted` surely holds with these; False where that can't be told."""
        if not self._budget.spend(1):
            return False
        match wanted.name:
            case "all":
                return all(map(self.implies, wanted.children))
            case "any":
                return any(map(self.implies, wanted.children)) or self._every_way_implies(wanted)
            case "not":
                return self.rules_out(wanted.children[0])
            case _:
                return self._holds(wanted) or self._every_way_implies(wanted)

    def _holds(self, leaf: Condition) -> bool:
        claims = self.claims.get(leaf.name, ())
        return self._budget.spend(len(claims)) and any(
            claim.extent is not None and leaf.extent is not None and claim.extent.is_within(leaf.extent)
            for claim in claims
        )

    def _every_way_implies(self, wanted: Condition) -> bool:
        return not self._budget.is_spent and any(
            all(Conjunction((way,), self._budget).implies(wanted) for way in alternatives.children)
            for alternatives in self.joined("any")
        )

    def rules_out(self, condition: Condition) -> bool:
        """Whether the condition surely fails with these."""
        if self._budget.is_spent:
            return False
        beside = Conjunction((condition,), self._budget)
        if any(beside.implies(failing.children[0]) for failing in self.joined("not")):
            return True
        pairs = (
            (ours.extent, theirs.extent)
            for name, claims in beside.claims.items()
            for theirs in claims
            for ours in self.claims.get(name, ())
        )
        return any(
            self._budget.spend(1) and ours is not None and theirs is not None and ours.meet(theirs) is None
            for ours, theirs in pairs
        )


def parts_of(condition: Condition) -> Iterator[Condition]:
    """Yield the condition, or those that its `all` joins, inner ones too."""
    left = [condition]
    while left:
        part = left.pop()
        if part.name == "all":
            left.extend(reversed(part.children))
        else:
            yield part


def _people(extent: Extent) -> tuple[str, Extent | None]:
    """Whoever is external is among the people invited."""
    return "attendees", Span(max(extent.low, 0), _MANY) if isinstance(extent, Span) else Span(1, _MANY)


def _place(extent: Extent) -> tuple[str, Extent | None]:
    """A place whose name holds a word has a name; a pattern may be found in none at all."""
    words = extent.words if isinstance(extent, AnyOf) else ()
    return "has_location", _YES if all(_is_literal(word) for word in words) else None


def _series(extent: Extent) -> tuple[str, Extent | None]:
    """A single instance is no series, and everything else is one."""
    kinds = extent.words if isinstance(extent, AnyOf) else frozenset()
    single = "singleinstance" in kinds
    return "is_recurring", None if single and len(kinds) > 1 else _NO if single else _YES


def _days(extent: Extent) -> tuple[str, Extent | None]:
    """What lasts whole days lasts one at least."""
    return "duration", Span(_DAY_SECONDS, _MANY) if extent == _YES else None


def _is_literal(way: Hashable) -> bool:
    """Whether a text must hold something to be found this way; a pattern may find nothing at all."""
    return isinstance(way, tuple) and way[0] != "matches"


_MANY = float("inf")
_YES, _NO = (AnyOf(frozenset((truth,)), is_single=True) for truth in (True, False))
_DAY_SECONDS = 24 * 3600
#: what follows from a condition: the name of the other one, and its extent
_FOLLOWS: dict[str, Callable[[Extent], tuple[str, Extent | None]]] = {
    "external_attendees": _people,
    "attendee": _people,
    "location": _place,
    "type": _series,
    "is_all_day": _days,
}
