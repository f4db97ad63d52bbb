"""Conditions on the time of day, and shares of organizers for a roll-out."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from shared.domain.recurrence import WEEKDAYS
from shared.domain.timezones import ZONE_NAMES, find_zone
from shared.rule_files.reading.node_reader import NodeReader, describe
from shared.rule_files.vocabulary.json_schema import TEXT, Shape, any_case, matching, one_or_more
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.syntaxes import Expectation
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode, shorten
from shared.rules.event.event_facts import Start, Truth
from shared.rules.extents import AnyOf

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
#: a time of day, for JSON Schema
CLOCK = f"({_CLOCK.pattern}|24:00)"
CLOCK_TIME: Shape = matching(CLOCK, "Needs a time of day such as 08:00.")
_HALF_DAY = re.compile(r"(1[0-2]|[1-9])(?::([0-5][0-9]))? *([ap])\.?m\.?", re.IGNORECASE | re.ASCII)
_DIGITS = re.compile(r"([01]?[0-9]|2[0-3])([0-5][0-9])")
_DAYS = tuple(day[:3] for day in WEEKDAYS)
#: what people say for several days, and which
_SEVERAL = {
    **dict.fromkeys(("weekdays", "weekday", "workdays", "working days"), slice(0, 5)),
    **dict.fromkeys(("weekend", "weekends"), slice(5, 7)),
    **dict.fromkeys(("daily", "every day", "all"), slice(0, 7)),
}
_DAY = timedelta(days=1)
_MIDNIGHT = timedelta()
_PERCENT = re.compile(r"([0-9]{1,3}(\.[0-9]{1,3})?) ?%")
_WHOLE = 100.0


class StartsBetweenSyntax:
    """`{from: "08:00", to: "18:00", days: [mon, fri], timezone: Europe/Berlin}`.

    `from` is included, `to` is not. A window may run over midnight; it then belongs to the day on which it
    opens. Without `from` it opens at midnight, without `to` it lasts until midnight. The zone has an IANA
    or a Windows name.
    """

    form = (
        '`{from: "08:00", to: "18:00", days: [mon, fri], timezone: Europe/Berlin}`: `timezone`, by its IANA '
        "or Windows name, and at least one of the others. `from` is included, `to` is not. A window over "
        "midnight belongs to the day on which it opens."
    )

    block = Block(
        place="under starts_between",
        keys=(
            Key(
                "from",
                "The time of day at which the window opens.",
                CLOCK_TIME,
                '"08:00"',
                if_left_out="midnight",
            ),
            Key("to", "The time of day at which it closes.", CLOCK_TIME, '"18:00"', if_left_out="midnight"),
            Key(
                "days",
                "Days of the week: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, or their full names.",
                one_or_more(any_case((*_DAYS, *WEEKDAYS))),
                "[mon, fri]",
                if_left_out="every day",
            ),
            Key(
                "timezone",
                "The time zone of these times, by its IANA or Windows name.",
                TEXT,
                "Europe/Berlin",
                required="write timezone: Europe/Berlin",
            ),
        ),
        least=2,
    )

    def shape(self) -> Shape:
        """Return a block with a zone and one key more."""
        return self.block.shape

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[Start] | None:
        """Return the window."""
        noted = reader.session.errors
        keys = reader.keys(node, name, self.block.by_name)
        if keys is None:
            return None
        if not {"from", "to", "days"} & set(keys) and reader.session.errors == noted:
            reader.problem(node, f"{name} needs from, to or days")
        if "timezone" not in keys and reader.session.errors == noted:
            reader.problem(node, f"{name} needs a timezone, such as Europe/Berlin")
        start = read_clock(keys["from"], reader, f"{name}: from") if "from" in keys else _MIDNIGHT
        end = read_clock(keys["to"], reader, f"{name}: to") if "to" in keys else _DAY
        days = _days(keys["days"], reader, f"{name}: days") if "days" in keys else frozenset(range(7))
        zone = read_zone(keys["timezone"], reader, f"{name}: timezone") if "timezone" in keys else None
        if start is not None and start in (end, _DAY):
            reader.problem(node, f"{name} can never hold: from and to are the same time")
        if start is None or end is None or days is None or zone is None or reader.session.errors > noted:
            return None
        return Expectation(
            _told(keys),
            _within(start, end, days, zone),
            AnyOf(frozenset(((start, end, days, str(zone)),))),
            show=lambda value: _shown(value, zone),
        )

    def show(self, value: Start) -> str:
        """Return the start in UTC."""
        return _in_unknown_zone(value) or f"{value.moment:%a %Y-%m-%d %H:%M} UTC"


def _told(keys: dict[str, Node]) -> str:
    said = [
        f"{key} {', '.join(part.text for part in parts if isinstance(part, ScalarNode))}"
        for key, node in keys.items()
        if (parts := (node,) if isinstance(node, ScalarNode) else getattr(node, "items", ()))
    ]
    return ", ".join(said)


def _in_unknown_zone(value: Start) -> str:
    if not value.unknown_zone:
        return ""
    return f'{value.moment:%a %Y-%m-%d %H:%M} in the unknown time zone "{shorten(value.unknown_zone)}"'


def _local(value: Start, zone: tzinfo) -> datetime:
    # Whole days begin at midnight wherever one is; Graph shows that midnight as UTC.
    return value.moment if value.is_all_day else value.moment.astimezone(zone)


def _shown(value: Start, zone: tzinfo) -> str:
    try:
        return _in_unknown_zone(value) or f"{_local(value, zone):%a %Y-%m-%d %H:%M}"
    except OverflowError:
        return f"{value.moment:%a %Y-%m-%d %H:%M} UTC"


def _within(start: timedelta, end: timedelta, days: frozenset[int], zone: tzinfo) -> Callable[[Start], Truth]:
    over_midnight = end <= start
    opens, closes = start.total_seconds(), end.total_seconds()

    def met(value: Start) -> Truth:
        if value.unknown_zone:
            return None
        try:
            local = _local(value, zone)
        except OverflowError:  # the first or the last day of the calendar
            return None
        clock = local.hour * 3600 + local.minute * 60 + local.second
        day = local.weekday()
        if not over_midnight:
            return opens <= clock < closes and day in days
        return (clock >= opens and day in days) or (clock < closes and (day - 1) % 7 in days)

    return met


def read_clock(node: Node, reader: NodeReader, what: str) -> timedelta | None:
    """Return a time of day as the time since midnight; 24:00 is the end of the day."""
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    if text == "24:00":
        return _DAY
    found = _CLOCK.fullmatch(text)
    if found:
        return timedelta(hours=int(found[1]), minutes=int(found[2]))
    meant = _meant(text)
    hint = f'; write "{meant}"' if meant else ""
    reader.problem(node, f'{what} needs a time of day such as "08:00", but this is {describe(node)}{hint}')
    return None


def _meant(text: str) -> str:
    digits, half = _DIGITS.fullmatch(text), _HALF_DAY.fullmatch(text)
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
    if folded in _SEVERAL:
        days = ", ".join(_DAYS[_SEVERAL[folded]])
        reader.problem(node, f'{what}: "{shorten(word)}" is no day; write [{days}]')
        return None
    if folded in _DAYS:
        return _DAYS.index(folded)
    if folded in WEEKDAYS:
        return WEEKDAYS.index(folded)
    first, _, last = folded.partition("-")
    if first[:3].strip() in _DAYS and last.strip()[:3] in _DAYS:
        begin, length = _DAYS.index(first[:3]), (_DAYS.index(last.strip()[:3]) - _DAYS.index(first[:3])) % 7
        days = ", ".join(_DAYS[(begin + more) % 7] for more in range(length + 1))
        reader.problem(node, f'{what}: "{shorten(word)}" is no day; write [{days}]')
        return None
    near = reader.session.suggest(word, _DAYS)
    reader.problem(node, f'{what}: "{shorten(word)}" is no day; days are {", ".join(_DAYS)}', suggestion=near)
    return None


def read_zone(node: Node, reader: NodeReader, what: str) -> tzinfo | None:
    """Return the time zone of an IANA or Windows name."""
    name = reader.text(node, what, suggest_quotes=False)
    if name is None:
        return None
    zone = find_zone(name.strip())
    if zone is None:
        # What is near in letters lies on the same continent, what is near in digits an hour away.
        has_digits = any(letter.isdigit() for letter in name)
        reader.problem(
            node,
            f'{what}: there is no time zone "{shorten(name)}"; '
            'names are such as Europe/Berlin or "W. Europe Standard Time"',
            suggestion=None if has_digits else reader.session.suggest(name, ZONE_NAMES, nearness=0.8),
        )
    return zone


class RolloutSyntax:
    """`25%`: a share of organizers, drawn by hash of the rule's id and the organizer's address.

    An organizer's place never changes as long as the rule keeps its id, so whoever is in at 25% is in at
    50% too; another rule draws other organizers.
    """

    block = None
    form = "A share above `0%`, up to `100%`. Each rule draws organizers of its own, by hash."

    def shape(self) -> Shape:
        """Return a share."""
        return matching(
            r"(?!0+(\.0+)? ?%)(100(\.0{1,3})?|[0-9]{1,2}(\.[0-9]{1,3})?) ?%",
            "Needs a share above 0% and up to 100%, such as 25%.",
        )

    def read(self, node: Node, reader: NodeReader, name: str) -> Expectation[str] | None:
        """Return the share."""
        found = _PERCENT.fullmatch(node.text.strip()) if isinstance(node, ScalarNode) else None
        share = float(found[1]) if found else -1.0
        if not 0 < share <= _WHOLE:
            number = (
                isinstance(node, ScalarNode) and node.text.isdecimal() and 0 < int(node.text[:9]) <= _WHOLE
            )
            hint = f"; write {node.text}%" if number and isinstance(node, ScalarNode) else ""
            never = "; a rule for nobody says mode: off" if share == 0 else ""
            reader.problem(
                node,
                f"{name} needs a share above 0% and up to 100%, such as 25%, "
                f"but this is {describe(node)}{hint}{never}",
            )
            return None
        salt = reader.rule or ""

        def met(organizer: str) -> Truth:
            return place_of(organizer, salt) < share if organizer else None

        return Expectation(
            f"the first {share:g}% of organizers",
            met,
            AnyOf(frozenset(((salt, share),))),
            show=lambda who: _place_told(who, salt),
        )

    def show(self, value: str) -> str:
        """Return the organizer."""
        return shorten(value) or "no organizer"


def _place_told(organizer: str, salt: str) -> str:
    return f"{shorten(organizer)} is at {place_of(organizer, salt):.1f}%" if organizer else "no organizer"


def place_of(organizer: str, salt: str) -> float:
    """Return the organizer's place in the order of a rule's roll-out, from 0 up to (not with) 100."""
    digest = hashlib.sha256(f"{salt}\0{organizer}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:6]) / (1 << 48) * _WHOLE
