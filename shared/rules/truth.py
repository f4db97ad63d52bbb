"""Three-valued logic (Kleene's): a condition holds, fails, or is unknown because a fact is missing."""

from collections.abc import Iterable

#: None is unknown
Truth = bool | None


def negation(truth: Truth) -> Truth:
    """Return the opposite; of the unknown, unknown."""
    return None if truth is None else not truth


def all_hold(truths: Iterable[Truth]) -> Truth:
    """Return whether all hold. One that fails decides; otherwise one that is unknown does."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def any_holds(truths: Iterable[Truth]) -> Truth:
    """Return whether at least one holds. One that holds decides; otherwise one that is unknown does."""
    result: Truth = False
    for truth in truths:
        if truth:
            return True
        if truth is None:
            result = None
    return result
