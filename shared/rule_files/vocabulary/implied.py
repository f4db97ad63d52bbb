"""What a condition implies about another condition's fact: values of that fact, by the condition's name.

The checks use it: `external_attendees: {at_least: 2}` next to `attendees: 1` can never hold.
"""

import math
from collections.abc import Callable

from shared.rule_files.vocabulary.texts import is_literal
from shared.rules.value_sets import FALSE, TRUE, Alternatives, Choices, Interval, ValueSet

#: from the values that meet a condition to what else is true then; None if nothing is certain
Implication = Callable[[ValueSet], tuple[str, ValueSet] | None]

_DAY_SECONDS = 24 * 3600


def as_many_attendees(accepted: ValueSet) -> tuple[str, ValueSet] | None:
    """At least as many people are invited as come from outside."""
    return ("attendees", Interval(max(accepted.low, 0), math.inf)) if isinstance(accepted, Interval) else None


def an_attendee(_accepted: ValueSet) -> tuple[str, ValueSet]:
    """An event with such an attendee has at least one."""
    return "attendees", Interval(1, math.inf)


def a_location(accepted: ValueSet) -> tuple[str, ValueSet] | None:
    """An event with a text in a place's name has a place. A pattern may match an empty name."""
    if isinstance(accepted, Alternatives) and all(map(is_literal, accepted.ways)):
        return "has_location", TRUE
    return None


def a_series_or_not(accepted: ValueSet) -> tuple[str, ValueSet] | None:
    """A single instance is not a series, and every other type is one."""
    if not isinstance(accepted, Choices):
        return None
    if "singleinstance" not in accepted.values:
        return "is_recurring", TRUE
    return ("is_recurring", FALSE) if len(accepted.values) == 1 else None


def a_whole_day(accepted: ValueSet) -> tuple[str, ValueSet] | None:
    """An all-day event lasts at least one day."""
    return ("duration", Interval(_DAY_SECONDS, math.inf)) if accepted == TRUE else None
