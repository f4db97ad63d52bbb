"""The tests of a rule."""

from shared.domain.ids import GUID
from shared.domain.position import Position
from shared.rule_files.files.event_sketch import EVENT, LOCAL_TIME, read_local_time, read_sketch
from shared.rule_files.files.values import ACTIONS, PEOPLE, read_action, read_people, read_text
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.wording import describe
from shared.rule_files.vocabulary.json_schema import TEXT
from shared.rule_files.vocabulary.keys import Block, Key
from shared.rule_files.vocabulary.people import GROUP_ID, how_to_find_id
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, shorten
from shared.rules.policy import RuleTest


def read_tests(node: Node, reader: NodeReader, what: str) -> tuple[RuleTest, ...]:
    """Return the tests that could be read."""
    read = [_read_test(item, reader) for item in reader.items(node, what) or ()]
    tests = tuple(test for test in read if test is not None)
    names: set[str] = set()
    for test in tests:
        if test.name in names:
            reader.problem(test.place, f'two tests have the name "{shorten(test.name)}"')
        names.add(test.name)
    return tests


def _read_test(node: Node, reader: NodeReader) -> RuleTest | None:
    values = TEST.read(node, reader)
    if values is None:
        return None
    return RuleTest(**values, file=reader.file, place=Position(node.line, node.column))


def _read_members(node: Node, reader: NodeReader, what: str) -> dict[str, frozenset[str]] | None:
    if not isinstance(node, MappingNode) or not node.keys:
        needs = "the object ids of groups with lists of addresses"
        reader.problem(node, f"{what} needs {needs}, but this is {describe(node)}")
        return None
    members: dict[str, frozenset[str]] = {}
    for key, value in node.entries:
        if not GUID.fullmatch(key.text):
            not_an_id = f'{what}: "{shorten(key.text)}" is not the object id of a group'
            reader.problem(key, not_an_id + how_to_find_id(key.text))
        people = read_people(value, reader, what)
        members[key.text.lower()] = frozenset(person.lower() for person in people or ())
    return members


TEST = Block(
    definition="test",
    title="a test",
    place="in a test, under tests",
    keys=(
        Key(
            "name",
            "What the test shows.",
            TEXT,
            "a customer call gets a link",
            read_text,
            required="write name: a customer call",
            synonyms="title",
        ),
        Key(
            "event",
            "The event; what it does not name is as in an ordinary meeting of half an hour, tomorrow at ten.",
            {"$ref": "#/$defs/event"},
            "{attendees: [bo@fabrikam.com], duration: 30m}",
            read_sketch,
            required="write event: {attendees: [bo@fabrikam.com]}",
            block=EVENT,
        ),
        Key(
            "expect",
            "The expected result; where it is the rule's own action, this rule must decide.",
            ACTIONS,
            "enable",
            read_action,
            required="write expect: enable",
            synonyms="result expected outcome",
        ),
        Key(
            "at",
            "When the event is evaluated, in its time zone.",
            LOCAL_TIME,
            "2026-12-31 09:00",
            read_local_time,
            if_left_out="a day before the event, and `active` is ignored",
        ),
        Key(
            "members",
            "The members of groups, by the object ids of the groups.",
            {
                "type": "object",
                "propertyNames": GROUP_ID,
                "additionalProperties": PEOPLE,
                "minProperties": 1,
            },
            "{5f0c9a4e-8b1d-4c52-9f7e-2d6a1b3c4d5e: [al@contoso.com]}",
            _read_members,
            if_left_out="the members of groups are unknown",
        ),
    ),
)
