"""Conditions on the time of day and the day of the week."""

import re
from collections.abc import Callable
from datetime import UTC, timedelta

from shared.domain.recurrence import WEEKDAYS
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.json_schema import Shape, any_case, matching, one_or_more
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.vocabulary.zones import ZONE_KEY, Zone, local_start, read_start_zone, show_start
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode, SequenceNode, shorten
from shared.rules.event.event_facts import Start
from shared.rules.truth import Truth
from shared.rules.value_sets import Alternatives

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
#: the pattern of a time of day, for JSON Schema
CLOCK = f"({_CLOCK.pattern}|24:00)"
CLOCK_TIME = matching(CLOCK, message="Needs a time of day such as 08:00.")
_TWELVE_HOURS = re.compile(r"(1[0-2]|[1-9])(?::([0-5][0-9]))? *([ap])\.?m\.?", re.IGNORECASE | re.ASCII)
_WITHOUT_COLON = re.compile(r"([01]?[0-9]|2[0-3])([0-5][0-9])")
_DAYS = tuple(day[:3] for day in WEEKDAYS)
#: words for several days
_DAY_GROUPS = {
    **dict.fromkeys(("weekdays", "weekday", "workdays", "working days"), slice(0, 5)),
    **dict.fromkeys(("weekend", "weekends"), slice(5, 7)),
    **dict.fromkeys(("daily", "every day", "all"), slice(0, 7)),
}
_DAY = timedelta(days=1)
_EXAMPLE = '{from: "08:00", to: "18:00", timezone: Europe/Berlin}'
_MIDNIGHT = timedelta()


class StartsBetweenSyntax:
    """`{from: "08:00", to: "18:00", days: [mon, fri], timezone: Europe/Berlin}`.

    `from` is included, `to` is not. A window may cross midnight; then it belongs to the day on which it
    begins. Without `from` it begins at midnight, without `to` it ends at midnight. The time zone has an IANA
    or a Windows name, or is that of the organizer.
    """

    form = (
        '`{from: "08:00", to: "18:00", days: [mon, fri], timezone: Europe/Berlin}`: `timezone`, by its IANA '
        "or Windows name or `organizer`, and at least one of the others. `from` is included, `to` is not. A "
        "window across midnight belongs to the day on which it begins. `organizer` is the time zone in which "
        "the event was made."
    )
    block = Block(
        place="under starts_between",
        keys=(
            Key(
                "from",
                "The time of day at which the window begins.",
                CLOCK_TIME,
                '"08:00"',
                if_left_out="midnight",
            ),
            Key(
                "to",
                "The time of day at which the window ends.",
                CLOCK_TIME,
                '"18:00"',
                if_left_out="midnight",
                synonyms="until end till",
            ),
            Key(
                "days",
                "Days of the week: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, or their full names.",
                one_or_more(any_case((*_DAYS, *WEEKDAYS))),
                "[mon, fri]",
                if_left_out="every day",
                synonyms="day weekday weekdays",
            ),
            ZONE_KEY,
        ),
        least=2,
    )

    def shape(self) -> Shape:
        """Return a block with a time zone and at least one other key."""
        return self.block.shape

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Start] | None:
        """Return the window."""
        errors_before = reader.session.errors
        keys = reader.keys(node, name, self.block.by_name, hint=f"for example {_EXAMPLE}")
        if keys is None:
            return None
        if not {"from", "to", "days"} & set(keys) and reader.session.errors == errors_before:
            reader.problem(node, f"{name} needs from, to or days")
        if "timezone" not in keys and reader.session.errors == errors_before:
            reader.problem(node, f"{name} needs a timezone, such as Europe/Berlin or organizer")
        start = read_clock(keys["from"], reader, f"{name}: from") if "from" in keys else _MIDNIGHT
        end = read_clock(keys["to"], reader, f"{name}: to") if "to" in keys else _DAY
        days = _days(keys["days"], reader, f"{name}: days") if "days" in keys else frozenset(range(7))
        zone = read_start_zone(keys["timezone"], reader, f"{name}: timezone") if "timezone" in keys else None
        if start is not None and start in (end, _DAY):
            reader.problem(node, f"{name} can never hold: from and to are the same time")
        if (
            start is None
            or end is None
            or days is None
            or zone is None
            or reader.session.errors > errors_before
        ):
            return None
        return Expectation(
            _in_words(keys),
            _within(start, end, days, zone),
            Alternatives(frozenset(((start, end, days, str(zone)),))),
            show=lambda value: show_start(value, zone),
        )

    def show(self, value: Start) -> str:
        """Return the start in UTC."""
        return show_start(value, UTC)


def _in_words(keys: dict[str, Node]) -> str:
    values = {key: node.items if isinstance(node, SequenceNode) else (node,) for key, node in keys.items()}
    return ", ".join(
        f"{key} {', '.join(part.text for part in parts if isinstance(part, ScalarNode))}"
        for key, parts in values.items()
    )


def _within(start: timedelta, end: timedelta, days: frozenset[int], zone: Zone) -> Callable[[Start], Truth]:
    crosses_midnight = end <= start

    def is_met(value: Start) -> Truth:
        local = local_start(value, zone)
        if local is None:
            return None
        clock = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
        day = local.weekday()
        if not crosses_midnight:
            return start <= clock < end and day in days
        return (clock >= start and day in days) or (clock < end and (day - 1) % 7 in days)

    return is_met


def read_clock(node: Node, reader: NodeReader, what: str) -> timedelta | None:
    """Return a time of day as the time since midnight, 24:00 included; None after a problem was noted."""
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    if text == "24:00":
        return _DAY
    found = _CLOCK.fullmatch(text)
    if found:
        return timedelta(hours=int(found[1]), minutes=int(found[2]))
    meant = _meant_clock(text)
    hint = f'; write "{meant}"' if meant else ""
    reader.problem(node, f'{what} needs a time of day such as "08:00", but this is {describe(node)}{hint}')
    return None


def _meant_clock(text: str) -> str:
    """Return the time of day that `9am` or `0900` means; empty for any other text."""
    digits, half = _WITHOUT_COLON.fullmatch(text), _TWELVE_HOURS.fullmatch(text)
    if half:
        return f"{int(half[1]) % 12 + 12 * (half[3] in 'pP'):02}:{half[2] or '00'}"
    return f"{int(digits[1]):02}:{digits[2]}" if digits else ""


def _days(node: Node, reader: NodeReader, what: str) -> frozenset[int] | None:
    nodes = reader.one_or_more(node, what) or ()
    days = [_day(item, reader, what) for item in nodes]
    return None if not days or None in days else frozenset(day for day in days if day is not None)


def _day(node: Node, reader: NodeReader, what: str) -> int | None:
    word = reader.text(node, what, suggest_quotes=False)
    if word is None:
        return None
    folded = word.strip().lower()
    for names in (_DAYS, WEEKDAYS):
        if folded in names:
            return names.index(folded)
    several = _several_days(folded)
    hint = f"write [{', '.join(several)}]" if several else f"days are {', '.join(_DAYS)}"
    near = None if several else reader.session.suggest(word, _DAYS)
    reader.problem(node, f'{what}: "{shorten(word)}" is not a day; {hint}', suggestion=near)
    return None


def _several_days(word: str) -> tuple[str, ...]:
    """Return the days that `weekdays` or `mon-fri` means; none for any other word."""
    if word in _DAY_GROUPS:
        return _DAYS[_DAY_GROUPS[word]]
    first, _, last = (part.strip()[:3] for part in word.partition("-"))
    if first not in _DAYS or last not in _DAYS:
        return ()
    start = _DAYS.index(first)
    length = (_DAYS.index(last) - start) % 7 + 1
    return tuple(_DAYS[(start + number) % 7] for number in range(length))
