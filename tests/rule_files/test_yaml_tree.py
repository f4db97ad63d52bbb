"""YAML as nodes: values by YAML 1.2's core schema, positions, and text in messages."""

import pytest

from shared.rule_files.yaml_tree.nodes import MappingNode, ScalarNode, SequenceNode, shorten, value_of
from shared.rule_files.yaml_tree.parser import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("3", 3, id="number"),
        pytest.param("-0.5", -0.5, id="fraction"),
        pytest.param("1e3", 1000.0, id="exponent"),
        pytest.param("0x1F", 31, id="hexadecimal"),
        pytest.param("0o17", 15, id="octal"),
        pytest.param("1:30", "1:30", id="YAML 1.1's sexagesimal number is text"),
        pytest.param("2026-12-01", "2026-12-01", id="a date is text"),
        pytest.param("off", "off", id="off is text"),
        pytest.param("true", True, id="true"),
        pytest.param("~", None, id="empty"),
        pytest.param('"3"', "3", id="a number in quotes is text"),
    ],
)
def test_a_plain_value_follows_the_core_schema(text: str, value: object) -> None:
    """Without quotes, a value may be a number, true, false or empty."""
    root, mistakes = read_yaml(f"key: {text}\n".encode())
    node = value_of(root, "key")

    assert mistakes == ()
    assert isinstance(node, ScalarNode)
    assert node.value == value
    assert type(node.value) is type(value)


def test_every_node_has_its_position() -> None:
    """Lines and columns count from 1."""
    root, _ = read_yaml(b"a:\n  - b\n  - {c: d}\n")
    assert isinstance(root, MappingNode)
    items = root.values["a"]
    assert isinstance(items, SequenceNode)

    assert [(node.line, node.column) for node in (root, items, *items.items)] == [
        (1, 1),
        (2, 3),
        (2, 5),
        (3, 5),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain", "plain", id="short"),
        pytest.param("x" * 100, "x" * 57 + "…", id="long"),
        pytest.param("a\nb", "a b", id="line break"),
        pytest.param("a\u00a0b", "a[no-break space U+00A0]b", id="unusual space"),
    ],
)
def test_text_in_a_message_is_one_short_line(text: str, expected: str) -> None:
    """An unusual space is named, because it can't be seen."""
    assert shorten(text) == expected
