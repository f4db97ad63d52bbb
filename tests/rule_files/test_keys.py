"""The tables of keys: how a block is read, and that every row is complete."""

import pytest

from shared.rule_files.files.event_sketch import EVENT
from shared.rule_files.files.file import FILE
from shared.rule_files.files.hints import KEY_PLACES
from shared.rule_files.files.rule import RULE
from shared.rule_files.files.rule_tests import TEST
from shared.rule_files.files.values import read_flag, read_text
from shared.rule_files.loader import RuleFile, load_policy
from shared.rule_files.reading.node_reader import NodeReader
from shared.rule_files.reading.session import Session
from shared.rule_files.vocabulary.json_schema import FLAG, TEXT
from shared.rule_files.vocabulary.keys import Block, Key, blocks_in
from shared.rule_files.yaml_tree.parser import read_yaml

COLOURS = Block(
    title="a colour",
    place="under colours",
    least=1,
    keys=(
        Key("name", "The name.", TEXT, "red", read_text, required="write name: red"),
        Key("bright", "Whether it is bright.", FLAG, "true", read_flag, field="is_bright"),
    ),
)


def read(text: str, what: str = "") -> tuple[object, list[str]]:
    """Return the values of a block, and the problems in it."""
    root, _ = read_yaml(text.encode())
    assert root is not None
    session = Session()
    values = COLOURS.read(root, NodeReader("x.yaml", session), what)
    return values, [problem.message for problem in session.problems()]


def test_a_block_is_read_into_the_fields_of_its_keys() -> None:
    """A key that is left out has no value: the default is in the class with the fields."""
    assert read("{name: red, bright: true}") == ({"name": "red", "is_bright": True}, [])
    assert read("{name: red}") == ({"name": "red"}, [])


@pytest.mark.parametrize(
    ("text", "what", "expected"),
    [
        pytest.param("[red]", "", "a colour needs keys such as name, bright, but this is a list", id="not a block"),
        pytest.param("{bright: true}", "", 'a colour needs the key "name"; write name: red', id="a required key is missing"),
        pytest.param("{nam: red}", "", 'unknown key "nam" (did you mean "name"?)', id="a misspelt key is not missing, too"),
        pytest.param("{name: red, bright: 1}", "sky", 'sky: bright is true or false, but this is the number 1 (did you mean "true"?)', id="a wrong value"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_block_is_one_problem(text: str, what: str, expected: str) -> None:
    """With any mistake there are no values."""
    assert read(text, what) == (None, [expected])


def test_an_empty_block_is_a_problem_where_a_key_is_needed() -> None:
    """The message lists the keys."""
    assert read("{}", "sky")[1] == [
        'sky needs the key "name"; write name: red',
        "sky needs at least one of name, bright",
    ]


def test_the_schema_of_a_block_follows_its_table() -> None:
    """It has the same keys, the same required keys and the same least number of keys."""
    assert COLOURS.shape == {
        "type": "object",
        "properties": {"name": TEXT, "bright": FLAG},
        "additionalProperties": False,
        "required": ["name"],
        "minProperties": 1,
    }


@pytest.mark.parametrize(
    ("block", "key"),
    [
        pytest.param(block, key, id=f"{block.definition or block.place}-{key.name}")
        for block in blocks_in(FILE)
        for key in block.keys
    ],
)
def test_every_row_is_complete(block: Block, key: Key) -> None:
    """Texts are sentences, and a key in the wrong place gets a hint."""
    assert key.description.endswith(".")
    assert key.example
    assert not block.place or key.name in KEY_PLACES


def file_with(block: Block, key: Key) -> str:
    """Return a file with the key's example."""
    line = f"{key.name}: {key.example}"
    test = {"name": "name: n", "event": "event: {}", "expect": "expect: enable"}
    rule = {"id": "id: a", "when": "when: {}"}
    file = {"version": "version: 1"}
    if block is EVENT:
        test["event"] = f"event: {{{line}}}"
    if block is TEST:
        test[key.name] = line
    if block in {TEST, EVENT}:
        rule["tests"] = f"tests: [{{{', '.join(test.values())}}}]"
    if block is RULE:
        rule[key.name] = line
    file["rules"] = f"rules: [{{{', '.join(rule.values())}}}]"
    if block is FILE:
        file[key.name] = line
    return "\n".join(file.values())


@pytest.mark.parametrize(
    ("block", "key"),
    [
        pytest.param(block, key, id=f"{block.definition}-{key.name}")
        for block in (FILE, RULE, TEST, EVENT)
        for key in block.keys
    ],
)
def test_the_example_of_every_key_can_be_loaded(block: Block, key: Key) -> None:
    """Examples in docs and editors can be copied."""
    loaded = load_policy([RuleFile("a.yaml", file_with(block, key).encode())])

    assert loaded.errors == ()
