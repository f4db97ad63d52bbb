"""Conditions ready to be asked: leaves compiled from the catalogue, joined by all, any and not.

Logic is Kleene's: a condition holds, fails, or can't be told (None).
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.rules.event_facts import EventFacts, Truth

Test = Callable[[EventFacts], Truth]


def _nothing(_facts: EventFacts) -> str:
    return ""


def _always(_facts: EventFacts) -> Truth:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A node of a rule's condition.

    `name` and `expected` are what the rule says, `actual` tells what the event says, `holds` compares them.
    A node that joins others (`all`, `any`, `not`) has `children`, and no actual value of its own.
    `groups` are the groups whose members must be known for it.
    """

    name: str
    expected: str
    holds: Test
    actual: Callable[[EventFacts], str] = _nothing
    children: tuple["Condition", ...] = ()
    groups: frozenset[str] = frozenset()


def _groups(children: tuple[Condition, ...]) -> frozenset[str]:
    return frozenset().union(*(child.groups for child in children))


def all_of(children: tuple[Condition, ...]) -> Condition:
    """Return the condition that holds where all children hold; one without children always holds."""
    if not children:
        return Condition(name="all", expected="all of", holds=_always)
    first, *others = [child.holds for child in children]

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

    return Condition(
        name="all",
        expected="all of",
        holds=holds if others else first,
        children=children,
        groups=_groups(children),
    )


def any_of(children: tuple[Condition, ...]) -> Condition:
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
    return Condition(name="any", expected="any of", holds=one, children=children, groups=_groups(children))


def none_of(child: Condition) -> Condition:
    """Return the condition that holds where the child fails."""
    test = child.holds

    def holds(facts: EventFacts) -> Truth:
        met = test(facts)
        return None if met is None else not met

    return Condition(name="not", expected="not", holds=holds, children=(child,), groups=child.groups)
