"""The condition on the day on which an event starts: dates, and ranges of dates, such as holidays."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe, list_words
from shared.rule_files.vocabulary.json_schema import Shape, matching, one_or_more
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.vocabulary.zones import (
    ORGANIZER,
    ZONE_KEY,
    Zone,
    local_start,
    read_start_zone,
    show_start,
)
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, ScalarNode, SequenceNode
from shared.rules.event.event_facts import Start
from shared.rules.truth import Truth
from shared.rules.value_sets import Alternatives

_DAY_FORM = r"(?:[0-9]{4}-)?(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_DATES = re.compile(rf"({_DAY_FORM})(?: *\.\. *({_DAY_FORM}))?")
_DATE_SHAPE: Shape = matching(
    rf"{_DAY_FORM}( *\.\. *{_DAY_FORM})?",
    "Needs a date such as 2026-12-25 or 12-25, or a range such as 2026-12-24..2027-01-06.",
)
_FORMS = "a date such as 2026-12-25, 12-25 for every year, or a range such as 2026-12-24..2027-01-06"
#: A leap year, so that 02-29 is a day of it.
_ANY_YEAR = "2000-"


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from `first` to `last`, both included; with `every_year`, only month and day count.

    A range of every year may cross its end: `12-24..01-06`.
    """

    first: date
    last: date
    every_year: bool = False

    def __contains__(self, day: date) -> bool:
        if not self.every_year:
            return self.first <= day <= self.last
        first, last, on = ((each.month, each.day) for each in (self.first, self.last, day))
        return first <= on <= last if first <= last else on >= first or on <= last


class StartsOnSyntax:
    """`{dates: [2026-12-25, 12-24..01-06], timezone: organizer}`: any of the dates is enough."""

    form = (
        "`{dates: [2026-12-25, 12-24..01-06], timezone: Europe/Berlin}`. A date without a year is in every "
        "year; `..` is a range, and its first and last day are included. `timezone` says where it must be"
        " that day: an IANA or Windows name, or `organizer`, the time zone in which the event was made."
    )
    block = Block(
        place="under starts_on",
        keys=(
            Key(
                "dates",
                "Dates and ranges of dates; any of them is enough.",
                one_or_more(_DATE_SHAPE),
                "[2026-12-25, 12-24..01-06]",
                required="write dates: [2026-12-25]",
                synonyms="date day days on holidays",
            ),
            ZONE_KEY,
        ),
    )

    def shape(self) -> Shape:
        """Return a block with dates and a time zone."""
        return self.block.shape

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Start] | None:
        """Return the dates."""
        if isinstance(node, SequenceNode) or (isinstance(node, ScalarNode) and node.text):
            first = node.items[0] if isinstance(node, SequenceNode) and node.items else node
            text = first.text.strip() if isinstance(first, ScalarNode) else ""
            example = text if _DATES.fullmatch(text) else "2026-12-25"
            reader.problem(
                node, f"{name} needs keys: write {{dates: [{example}], timezone: {ORGANIZER.value}}}"
            )
            return None
        keys = reader.keys(node, name, self.block.by_name)
        if keys is None:
            return None
        missing = [key for key in ("dates", "timezone") if key not in keys]
        if missing and isinstance(node, MappingNode) and len(keys) == len(node.keys):
            advice = {"dates": "dates: [2026-12-25]", "timezone": f"timezone: {ORGANIZER.value}"}
            reader.problem(node, f"{name} needs {missing[0]}: write {advice[missing[0]]}")
        ranges = _read_ranges(keys["dates"], reader, f"{name}: dates") if "dates" in keys else None
        zone = read_start_zone(keys["timezone"], reader, f"{name}: timezone") if "timezone" in keys else None
        if ranges is None or zone is None or not isinstance(node, MappingNode) or len(keys) < len(node.keys):
            return None
        zone_name = ORGANIZER.value if zone is ORGANIZER else str(zone)
        where = "the organizer's time zone" if zone is ORGANIZER else zone_name
        return Expectation(
            f"{list_words(tuple(ranges))} in {where}",
            _is_on(tuple(ranges.values()), zone),
            Alternatives(frozenset((each, zone_name) for each in ranges.values())),
            show=lambda value: show_start(value, zone),
        )

    def show(self, value: Start) -> str:
        """Return the start in UTC."""
        return show_start(value, ORGANIZER)


def _is_on(ranges: tuple[DateRange, ...], zone: Zone) -> Callable[[Start], Truth]:
    def is_met(value: Start) -> Truth:
        local = local_start(value, zone)
        return None if local is None else any(local.date() in each for each in ranges)

    return is_met


def _read_ranges(node: Node, reader: NodeReader, what: str) -> dict[str, DateRange] | None:
    """Return the ranges by their text; None after a problem was noted."""
    nodes = reader.one_or_more(node, what) or ()
    read = [(item, _read_range(item, reader, what)) for item in nodes]
    found = {item.text.strip(): each for item, each in read if each and isinstance(item, ScalarNode)}
    return found if read and all(each for _item, each in read) else None


def _read_range(node: Node, reader: NodeReader, what: str) -> DateRange | None:
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    found = _DATES.fullmatch(text)
    if found is None:
        reader.problem(node, f"{what} needs {_FORMS}, but this is {describe(node)}")
        return None
    first, last = found[1], found[2] or found[1]
    every_year = len(first) == len("12-25")
    if every_year is not (len(last) == len("12-25")):
        reader.problem(node, f"{what}: {text} has a year on one side only; write it on both, or on neither")
        return None
    begins = _day(first, node, reader, what)
    ends = begins if last == first else _day(last, node, reader, what)
    if begins is None or ends is None:
        return None
    if not every_year and ends < begins:
        reader.problem(node, f"{what}: {text} ends before it begins")
        return None
    return DateRange(begins, ends, every_year)


def _day(text: str, node: Node, reader: NodeReader, what: str) -> date | None:
    try:
        return date.fromisoformat(text if len(text) > len("12-25") else _ANY_YEAR + text)
    except ValueError:
        reader.problem(node, f"{what}: {text} is not a day of the calendar")
        return None
