"""Reads Graph's JSON of a recurrence (https://learn.microsoft.com/graph/api/resources/patternedrecurrence)."""

from datetime import date
from typing import Annotated

from pydantic import Field

from shared.domain.event import Recurrence
from shared.graph.protocol.json_shapes import Shape, Text, null_is


class _Pattern(Shape):
    type: Text = ""
    interval: Annotated[int, null_is(1)] = 1
    days_of_week: Annotated[list[str], null_is([])] = Field(default_factory=list)
    day_of_month: Annotated[int, null_is(0)] = 0
    month: Annotated[int, null_is(0)] = 0
    index: Text = "first"
    first_day_of_week: Text = "sunday"


class _Range(Shape):
    type: Text = ""
    end_date: Text = ""
    number_of_occurrences: Annotated[int, null_is(0)] = 0
    recurrence_time_zone: Text = ""


class RecurrenceShape(Shape):
    """A `patternedRecurrence`."""

    pattern: Annotated[_Pattern, null_is({})] = _Pattern()
    range: Annotated[_Range, null_is({})] = _Range()

    def value(self) -> Recurrence:
        """Return our value, unchecked: the code that computes the end handles contradictions."""
        pattern, span = self.pattern, self.range
        return Recurrence(
            pattern=pattern.type,
            interval=pattern.interval,
            days_of_week=tuple(pattern.days_of_week),
            day_of_month=pattern.day_of_month,
            month=pattern.month,
            index=pattern.index,
            first_day_of_week=pattern.first_day_of_week,
            range_end=_day_or_none(span.end_date) if span.type == "endDate" else None,
            occurrences=span.number_of_occurrences if span.type == "numbered" else None,
            range_type=span.type,
            time_zone=span.recurrence_time_zone,
        )


def _day_or_none(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
