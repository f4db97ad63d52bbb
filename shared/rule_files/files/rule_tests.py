"""Tests inside rules: their nodes become `RuleTest` values, or problems."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.domain.decision import Action
from shared.domain.ids import GUID
from shared.domain.mail_domains import domain_of
from shared.domain.position import Position
from shared.domain.recurrence import WEEKDAYS
from shared.rule_files.reading.node_reader import Reader, described
from shared.rule_files.vocabulary.catalogue import IMPORTANCES, SENSITIVITIES, SHOWN_AS
from shared.rule_files.vocabulary.durations import read_duration
from shared.rule_files.vocabulary.times import read_clock, read_zone
from shared.rule_files.yaml_tree.nodes import Listing, Mapping, Node, Scalar, shown
from shared.rules.event.sketch import EventSketch, TimeOfDay
from shared.rules.policy import RuleTest

_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]+([0-9:]+))?")
_WEEKDAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.? +([0-9:]+)", re.IGNORECASE | re.ASCII)
_RELATIVE = re.compile(r"in +(.+)", re.IGNORECASE | re.ASCII)
_YEARS = range(2000, 2101)
_LONGEST = timedelta(days=3650)
_NAME = re.compile(r"[\w.'-]+")
_Read = Callable[[Node, Reader, str], Any]


def read_tests(node: Node, reader: Reader) -> tuple[RuleTest, ...]:
    """Return the tests of a rule, as far as they can be read; what is wrong, the reader has noted."""
    read = [_test(item, reader) for item in reader.items(node, "tests") or ()]
    tests = tuple(test for test in read if test is not None)
    names: set[str] = set()
    for test in tests:
        if test.name in names:
            reader.problem(test.place, f'two tests have the name "{shown(test.name)}"')
        names.add(test.name)
    return tests


def _test(node: Node, reader: Reader) -> RuleTest | None:
    noted = reader.reading.errors
    keys = reader.keys(node, "a test", ("name", "event", "expect", "at", "members"))
    if keys is None:
        return None
    for key, example in (
        ("name", "a customer call"),
        ("event", "{attendees: [bo@fabrikam.com]}"),
        ("expect", "enable"),
    ):
        if key not in keys and reader.reading.errors == noted:
            reader.problem(node, f"this test has no {key}; write {key}: {example}")
    name = reader.text(keys["name"], "name") if "name" in keys else None
    expect = reader.choice(keys["expect"], "expect", tuple(Action)) if "expect" in keys else None
    sketch = _sketch(keys["event"], reader) if "event" in keys else None
    at = _local(keys["at"], reader, "at") if "at" in keys else None
    members = _members(keys["members"], reader) if "members" in keys else {}
    if name is None or expect is None or sketch is None or reader.reading.errors > noted:
        return None
    return RuleTest(
        name=name,
        event=sketch,
        expect=Action(expect),
        at=at,
        members=members,
        file=reader.file,
        place=Position(node.line, node.column),
    )


def _sketch(node: Node, reader: Reader) -> EventSketch | None:
    keys = reader.keys(node, "event", tuple(_KEYS))
    if keys is None:
        return None
    values = {key: _KEYS[key](value, reader, f"event: {key}") for key, value in keys.items()}
    if None in values.values():
        return None
    return EventSketch(**values)


def _text(node: Node, reader: Reader, what: str) -> str | None:
    if isinstance(node, Scalar) and not node.plain and not node.text.strip():
        return node.text  # an event may have an empty subject
    return reader.text(node, what)


def _texts(node: Node, reader: Reader, what: str) -> tuple[str, ...] | None:
    if isinstance(node, Listing) and not node.items:
        return ()
    return _all(reader.text(item, what) for item in reader.one_or_more(node, what) or ())


def _all(read: Any) -> tuple[Any, ...] | None:
    values = tuple(read)
    return None if not values or None in values else values


def _people(node: Node, reader: Reader, what: str) -> tuple[str, ...] | None:
    if not isinstance(node, (Scalar, Mapping)) and not node.items:
        return ()
    return _all(_person(item, reader, what) for item in reader.one_or_more(node, what) or ())


def _person(node: Node, reader: Reader, what: str) -> str | None:
    word = node.value if isinstance(node, Scalar) else None
    if isinstance(word, str) and (domain_of(word) or word.startswith("/") or _NAME.fullmatch(word.strip())):
        return word.strip()
    reader.problem(
        node, f"{what} needs addresses, or names of colleagues in one word, but this is {described(node)}"
    )
    return None


def _choice(choices: Sequence[str]) -> _Read:
    known = {choice.casefold(): choice for choice in choices}

    def read(node: Node, reader: Reader, what: str) -> str | None:
        said = node.text.strip().casefold() if isinstance(node, Scalar) else ""
        return known[said] if said in known else reader.choice(node, what, choices)

    return read


def _flag(node: Node, reader: Reader, what: str) -> bool | None:
    return reader.flag(node, what)


def _start(node: Node, reader: Reader, what: str) -> datetime | TimeOfDay | timedelta | None:
    text = node.text.strip() if isinstance(node, Scalar) else ""
    relative, weekday = _RELATIVE.fullmatch(text), _WEEKDAY.fullmatch(text)
    if relative and isinstance(node, Scalar):
        return _time(_part(node, relative[1]), reader, what)
    if weekday and isinstance(node, Scalar):
        clock = read_clock(_part(node, weekday[2]), reader, what)
        day = next(number for number, name in enumerate(WEEKDAYS) if name.startswith(weekday[1].lower()))
        return None if clock is None else TimeOfDay(clock, day)
    if ":" in text and text[:4].find(":") > 0 and isinstance(node, Scalar):
        clock = read_clock(node, reader, what)
        return None if clock is None else TimeOfDay(clock)
    return _local(node, reader, what)


def _time(node: Node, reader: Reader, what: str) -> timedelta | None:
    value = read_duration(node, reader, what)
    if value is not None and value > _LONGEST:
        reader.problem(node, f"{what} is {_LONGEST.days}d at most, but this is {described(node)}")
        return None
    return value


def _part(node: Scalar, text: str) -> Scalar:
    return Scalar(line=node.line, column=node.column, text=text, plain=False)


def _local(node: Node, reader: Reader, what: str) -> datetime | None:
    text = node.text.strip() if isinstance(node, Scalar) else ""
    found = _DATE.fullmatch(text)
    if found is None or not isinstance(node, Scalar):
        shorter = " (or 09:00, mon 09:00, in 2h)" if what.endswith("start") else ""
        reader.problem(
            node, f"{what} needs a time such as 2026-12-31 09:00{shorter}, but this is {described(node)}"
        )
        return None
    clock = read_clock(_part(node, found[2]), reader, what) if found[2] else timedelta()
    try:
        day = datetime.fromisoformat(found[1])
    except ValueError:
        reader.problem(node, f"{what}: there is no day {found[1]}")
        return None
    if day.year not in _YEARS:
        reader.problem(node, f"{what}: the year lies between {_YEARS[0]} and {_YEARS[-1]}")
        return None
    return None if clock is None else day + clock


def _members(node: Node, reader: Reader) -> dict[str, frozenset[str]]:
    members: dict[str, frozenset[str]] = {}
    if not isinstance(node, Mapping) or not node.keys:
        reader.problem(
            node,
            f"members needs the object ids of groups with lists of addresses, but this is {described(node)}",
        )
        return members
    for key, value in node.entries:
        if not GUID.fullmatch(key.text):
            reader.problem(key, f'members: "{shown(key.text)}" is not the object id of a group')
        people = _people(value, reader, "members")
        members[key.text.lower()] = frozenset(person.lower() for person in people or ())
    return members


_KEYS: dict[str, _Read] = {
    "organizer": _person,
    "attendees": _people,
    "rooms": _people,
    "subject": _text,
    "body": _text,
    "location": _texts,
    "start": _start,
    "duration": _time,
    "timezone": read_zone,
    "all_day": _flag,
    "recurring": _flag,
    "categories": _texts,
    "sensitivity": _choice(SENSITIVITIES),
    "show_as": _choice(SHOWN_AS),
    "importance": _choice(IMPORTANCES),
    "draft": _flag,
    "cancelled": _flag,
    "online": _flag,
}
