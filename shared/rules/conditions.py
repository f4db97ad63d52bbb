"""Conditions ready to be asked: leaves compiled from the catalogue, joined by all, any and not.

Logic is Kleene's: a condition holds, fails, or can't be told (None).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from shared.domain.position import Positioned
from shared.rules.event.event_facts import EventFacts, Truth
from shared.rules.extents import Extent

Test = Callable[[EventFacts], Truth]


class Condition(NamedTuple):
    """A node of a rule's condition.

    `name` and `expected` are what the rule says, `place` where; `holds` compares that with an event. A leaf
    has the `extent` of what it expects, asks a `fact` of the event, and `show` tells it in plain words. What
    joins others (`all`, `any`, `not`) has `children` instead. `groups` are the groups whose members must be
    known.
    """

    name: str
    expected: str
    holds: Test
    place: Positioned
    groups: frozenset[str] = frozenset()
    extent: Extent | None = None
    fact: Callable[[EventFacts], Any] | None = None
    show: Callable[[Any], str] | None = None
    children: tuple["Condition", ...] = ()

    def actual(self, facts: EventFacts) -> str:
        """Return what the event has; empty where others are joined."""
        return self.show(self.fact(facts)) if self.show and self.fact else ""


def _always(_facts: EventFacts) -> Truth:
    return True


_NONE: frozenset[str] = frozenset()


def _groups(children: tuple[Condition, ...]) -> frozenset[str]:
    named = [child.groups for child in children if child.groups]
    return frozenset().union(*named) if named else _NONE


def all_of(children: tuple[Condition, ...], place: Positioned) -> Condition:
    """Return the condition that holds where all children hold; one without children always holds."""
    holds = all_hold(tuple(child.holds for child in children))
    return Condition("all", "all of", holds, place, _groups(children), children=children)


def all_hold(tests: tuple[Test, ...]) -> Test:
    """Return the test that is met where all of these are."""
    if len(tests) <= 1:
        return tests[0] if tests else _always
    first, others = tests[0], tests[1:]

    def holds(facts: EventFacts) -> Truth:
        # Most rules fail at their first condition, so that one is asked without a loop.
        truth = first(facts)
        if truth is False:
            return False
        for test in others:
            met = test(facts)
            if met is False:
                return False
            if met is None:
                truth = None
        return truth

    return holds


def any_of(children: tuple[Condition, ...], place: Positioned) -> Condition:
    """Return the condition that holds where at least one child holds."""
    tests = tuple(child.holds for child in children)

    def holds(facts: EventFacts) -> Truth:
        truth: Truth = False
        for test in tests:
            met = test(facts)
            if met:
                return True
            if met is None:
                truth = None
        return truth

    one = tests[0] if len(tests) == 1 else holds
    return Condition("any", "any of", one, place, _groups(children), children=children)


def none_of(child: Condition, place: Positioned) -> Condition:
    """Return the condition that holds where the child fails."""
    test = child.holds

    def holds(facts: EventFacts) -> Truth:
        met = test(facts)
        return None if met is None else not met

    return Condition("not", "not", holds, place, child.groups, children=(child,))
