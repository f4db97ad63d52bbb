"""Time zones of conditions on the start of an event: a fixed one, or the organizer's."""

from datetime import UTC, datetime, tzinfo
from enum import Enum
from typing import Literal

from tzlocal.windows_tz import win_tz

from shared.domain.timezones import find_zone
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.vocabulary.json_schema import TEXT
from shared.rule_files.vocabulary.keys import Key
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode, shorten
from shared.rules.event.event_facts import Start


class OrganizerZone(Enum):
    """The time zone in which the event was made."""

    ORGANIZER = "organizer"


ORGANIZER = OrganizerZone.ORGANIZER
Zone = tzinfo | Literal[OrganizerZone.ORGANIZER]

#: for suggestions: Windows names of zones and the IANA names for the same zones
_ZONE_NAMES = tuple(dict.fromkeys((*win_tz.values(), *win_tz)))
ZONE_KEY = Key(
    "timezone",
    "The time zone, by its IANA or Windows name; `organizer` is that in which the event was made.",
    TEXT,
    "Europe/Berlin",
    required="write timezone: organizer",
    synonyms="tz zone",
)


def local_start(value: Start, zone: Zone) -> datetime | None:
    """Return when an event starts in a zone; None if that is not known."""
    if value.unknown_zone:
        return None
    if value.is_all_day:  # it begins at midnight in every time zone; Graph shows that midnight in UTC
        return value.moment
    known = find_zone(value.original_zone) if isinstance(zone, OrganizerZone) else zone
    try:
        return None if known is None else value.moment.astimezone(known)
    except OverflowError:  # before the first or after the last day of the calendar
        return None


def show_start(value: Start, zone: Zone) -> str:
    """Return the start in words: in a zone, or in UTC if the start in that zone is not known."""
    if value.unknown_zone:
        return f'{value.moment:%a %Y-%m-%d %H:%M} in the unknown time zone "{shorten(value.unknown_zone)}"'
    local = local_start(value, zone)
    if local is None:
        named = f' "{shorten(value.original_zone)}"' if value.original_zone else ""
        unknown = f", the organizer's time zone{named} is not known" if zone is ORGANIZER else ""
        return f"{value.moment:%a %Y-%m-%d %H:%M} UTC{unknown}"
    where = " UTC" if zone is UTC else f" in {value.original_zone}" if zone is ORGANIZER else ""
    return f"{local:%a %Y-%m-%d %H:%M}{'' if value.is_all_day and zone is not UTC else where}"


def read_start_zone(node: Node, reader: NodeReader, what: str) -> Zone | None:
    """Return a fixed zone or the organizer's; None after a problem was noted."""
    if isinstance(node, ScalarNode) and node.text.strip().lower() == ORGANIZER.value:
        return ORGANIZER
    return read_zone(node, reader, what, others=(ORGANIZER.value,))


def read_zone(node: Node, reader: NodeReader, what: str, *, others: tuple[str, ...] = ()) -> tzinfo | None:
    """Return the time zone of an IANA or Windows name; None after a problem was noted.

    `others` are words that are allowed as well, to suggest them.
    """
    name = reader.text(node, what, suggest_quotes=False)
    if name is None:
        return None
    zone = find_zone(name.strip())
    if zone is None:
        # A name with similar letters is on the same continent; one with similar digits is hours away.
        names = (*_ZONE_NAMES, *others)
        has_digits = any(letter.isdigit() for letter in name)
        reader.problem(
            node,
            f'{what}: there is no time zone "{shorten(name)}"; '
            'write a name such as Europe/Berlin or "W. Europe Standard Time"',
            suggestion=None if has_digits else reader.session.suggest(name, names, nearness=0.8),
        )
    return zone
