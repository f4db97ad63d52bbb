"""Conditions that are ready to be tested: leaves that test one fact, joined by all, any and not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.domain.position import Positioned
from shared.rules.event.event_facts import EventFacts
from shared.rules.truth import Truth, any_holds, negation
from shared.rules.value_sets import ValueSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A node of a rule's tree of conditions: a leaf, or a join (`all`, `any`, `not`) with `children`."""

    name: str
    #: what the rule expects, in words
    expected: str
    holds: Callable[[EventFacts], Truth]
    #: where the condition is in its file
    place: Positioned
    children: tuple["Condition", ...] = ()
    #: the groups whose members the condition needs to know
    groups: frozenset[str] = frozenset()
    #: whether the condition needs to know the organizer's department
    needs_department: bool = False
    #: the fact of the event that a leaf tests, and how to show it in words
    fact: Callable[[EventFacts], Any] | None = None
    show: Callable[[Any], str] | None = None
    #: the values that meet a leaf
    accepts: ValueSet | None = None
    #: what else is true of an event that meets a leaf: values of another condition's fact, by its name
    implied: tuple[tuple[str, ValueSet], ...] = ()
    #: whether the fact of a leaf is unknown for some events
    can_be_unknown: bool = False

    def actual(self, facts: EventFacts) -> str:
        """Return the event's value in words; empty for a join."""
        return self.show(self.fact(facts)) if self.show and self.fact else ""


def all_of(children: tuple[Condition, ...], place: Positioned) -> Condition:
    """Return the condition that holds if all children hold; without children it always holds."""

    def holds(facts: EventFacts) -> Truth:
        # As all_hold, but without a generator: with one, "make bench" misses its budget.
        result: Truth = True
        for child in children:
            truth = child.holds(facts)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return Condition(
        name="all",
        expected="all of",
        holds=holds,
        place=place,
        children=children,
        groups=_groups(children),
        needs_department=_needs_department(children),
    )


def any_of(children: tuple[Condition, ...], place: Positioned) -> Condition:
    """Return the condition that holds if at least one child holds."""
    return Condition(
        name="any",
        expected="any of",
        holds=lambda facts: any_holds(child.holds(facts) for child in children),
        place=place,
        children=children,
        groups=_groups(children),
        needs_department=_needs_department(children),
    )


def none_of(child: Condition, place: Positioned) -> Condition:
    """Return the condition that holds if the child fails."""
    return Condition(
        name="not",
        expected="not",
        holds=lambda facts: negation(child.holds(facts)),
        place=place,
        children=(child,),
        groups=child.groups,
        needs_department=child.needs_department,
    )


def _groups(children: tuple[Condition, ...]) -> frozenset[str]:
    return frozenset().union(*(child.groups for child in children))


def _needs_department(children: tuple[Condition, ...]) -> bool:
    return any(child.needs_department for child in children)
