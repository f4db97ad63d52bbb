"""The event of a test: its keys become an `EventSketch`."""

import re
from datetime import datetime, timedelta

from shared.domain.recurrence import WEEKDAYS
from shared.rule_files.files.values import (
    PEOPLE,
    PERSON,
    any_case_reader,
    read_flag,
    read_people,
    read_person,
    read_texts,
)
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.catalogue import IMPORTANCES, SENSITIVITIES, SHOWN_AS
from shared.rule_files.vocabulary.durations import DURATION, read_duration
from shared.rule_files.vocabulary.json_schema import FLAG, TEXT, Shape, any_case, matching
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.times import CLOCK, read_clock
from shared.rule_files.vocabulary.zones import read_zone
from shared.rule_files.yaml_tree.nodes import Node, ScalarNode
from shared.rules.event_sketch import EventSketch, TimeOfDay

_ANY_TEXT: Shape = {"type": "string"}
_TEXTS: Shape = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
_LOCAL_TIME_FORM = rf"20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}([T ]+{CLOCK})?"
#: a date with or without a time
LOCAL_TIME: Shape = matching(_LOCAL_TIME_FORM, "Needs a time such as 2026-12-31 09:00.")
_START: Shape = matching(
    re.compile(
        rf"((mon|tue|wed|thu|fri|sat|sun)[a-z]*\.? +)?{CLOCK}|in +[0-9]+[smhd]|{_LOCAL_TIME_FORM}",
        re.IGNORECASE,
    ),
    "Needs a time such as 09:00, mon 09:00, in 2h or 2026-12-31 09:00.",
)

_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]+([0-9:]+))?")
_WEEKDAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.? +([0-9:]+)", re.IGNORECASE | re.ASCII)
_RELATIVE = re.compile(r"in +(.+)", re.IGNORECASE | re.ASCII)
_TIME_OF_DAY = re.compile(r"[^:]{1,3}:.*", re.DOTALL)
_YEARS = range(2000, 2101)
_LONGEST = timedelta(days=3650)


def read_sketch(node: Node, reader: NodeReader, what: str) -> EventSketch | None:
    """Return the event that a test describes."""
    values = EVENT.read(node, reader, what)
    return None if values is None else EventSketch(**values)


def read_local_time(
    node: Node, reader: NodeReader, what: str, *, forms: str = "2026-12-31 09:00"
) -> datetime | None:
    """Return a date with a time, in the event's time zone; `forms` are examples of all that is allowed."""
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    found = _DATE.fullmatch(text)
    if found is None or not isinstance(node, ScalarNode):
        reader.problem(node, f"{what} needs a time such as {forms}, but this is {describe(node)}")
        return None
    clock = read_clock(_part(node, found[2]), reader, what) if found[2] else timedelta()
    try:
        day = datetime.fromisoformat(found[1])
    except ValueError:
        reader.problem(node, f"{what}: {found[1]} is not a day of the calendar")
        return None
    if day.year not in _YEARS:
        reader.problem(node, f"{what}: the year must be between {_YEARS[0]} and {_YEARS[-1]}")
        return None
    return None if clock is None else day + clock


def _read_any_text(node: Node, reader: NodeReader, what: str) -> str | None:
    """Return text; in quotes it may be empty, as a subject may be."""
    if isinstance(node, ScalarNode) and not node.plain and not node.text.strip():
        return node.text
    return reader.literal(node, what)


def _read_start(node: Node, reader: NodeReader, what: str) -> datetime | TimeOfDay | timedelta | None:
    text = node.text.strip() if isinstance(node, ScalarNode) else ""
    relative, weekday = _RELATIVE.fullmatch(text), _WEEKDAY.fullmatch(text)
    if relative and isinstance(node, ScalarNode):
        return _read_length(_part(node, relative[1]), reader, what)
    if weekday and isinstance(node, ScalarNode):
        clock = read_clock(_part(node, weekday[2]), reader, what)
        day = next(number for number, name in enumerate(WEEKDAYS) if name.startswith(weekday[1].lower()))
        return None if clock is None else TimeOfDay(clock, day)
    if _TIME_OF_DAY.fullmatch(text):
        clock = read_clock(node, reader, what)
        return None if clock is None else TimeOfDay(clock)
    return read_local_time(node, reader, what, forms="2026-12-31 09:00 (or 09:00, mon 09:00, in 2h)")


def _read_length(node: Node, reader: NodeReader, what: str) -> timedelta | None:
    length = read_duration(node, reader, what)
    if length is not None and length > _LONGEST:
        reader.problem(node, f"{what} is {_LONGEST.days}d at most, but this is {describe(node)}")
        return None
    return length


def _part(node: ScalarNode, text: str) -> ScalarNode:
    return ScalarNode(node.line, node.column, text, plain=False)


EVENT = Block(
    definition="event",
    title="an event",
    writes_defaults=False,
    keys=(
        Key(
            "organizer",
            "The organizer; a name without `@` is a colleague.",
            PERSON,
            "al@contoso.com",
            read_person,
            if_left_out="a colleague",
        ),
        Key(
            "attendees",
            "The people invited.",
            PEOPLE,
            "[bo@fabrikam.com]",
            read_people,
            if_left_out="none",
            synonyms="guests",
        ),
        Key(
            "rooms",
            "The rooms booked.",
            PEOPLE,
            "[boardroom@contoso.com]",
            read_people,
            if_left_out="none",
            synonyms="room meetingroom",
        ),
        Key(
            "department",
            "The organizer's department in the directory.",
            TEXT,
            "Legal",
            _read_any_text,
            if_left_out="none",
        ),
        Key("subject", "The subject.", _ANY_TEXT, "Review", _read_any_text, default="Meeting"),
        Key("body", "The text of the invitation.", _ANY_TEXT, "https://zoom.us/j/1", _read_any_text),
        Key("location", "The names of the places.", _TEXTS, "Berlin", read_texts),
        Key(
            "start",
            "When the event starts: `09:00`, `mon 09:00`, `in 2h` or a date with a time.",
            _START,
            "mon 09:00",
            _read_start,
            if_left_out="the next day at 10:00",
            synonyms="time starttime",
        ),
        Key(
            "duration",
            "How long the event lasts.",
            DURATION,
            "2h",
            _read_length,
            default="30m",
            if_left_out="a day if the event is all day",
        ),
        Key("timezone", "The time zone of the times.", TEXT, "Europe/Berlin", read_zone, default="UTC"),
        Key(
            "all_day",
            "Whether the event lasts whole days.",
            FLAG,
            "true",
            read_flag,
            default="false",
            synonyms="isallday wholeday",
        ),
        Key(
            "recurring",
            "Whether the event is a series.",
            FLAG,
            "true",
            read_flag,
            default="false",
            synonyms="series recurrence isrecurring",
        ),
        Key("categories", "The categories.", _TEXTS, "[In person]", read_texts),
        Key(
            "sensitivity",
            "The sensitivity.",
            any_case(SENSITIVITIES),
            "private",
            any_case_reader(SENSITIVITIES),
            default="normal",
        ),
        Key(
            "show_as",
            "How the time is shown to others.",
            any_case(SHOWN_AS),
            "free",
            any_case_reader(SHOWN_AS),
            default="busy",
        ),
        Key(
            "importance",
            "The importance.",
            any_case(IMPORTANCES),
            "high",
            any_case_reader(IMPORTANCES),
            default="normal",
        ),
        Key("draft", "Whether the event is not sent yet.", FLAG, "true", read_flag, default="false"),
        Key("cancelled", "Whether the event is cancelled.", FLAG, "true", read_flag, default="false"),
        Key("online", "Whether the event is an online meeting.", FLAG, "true", read_flag, default="false"),
    ),
)
