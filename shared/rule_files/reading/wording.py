"""Wording of messages: what a node is, and lists of words."""

from collections.abc import Sequence

from shared.rule_files.yaml_tree.common_mistakes import NO_TEMPLATES, UNUSUAL_SPACE, is_template
from shared.rule_files.yaml_tree.nodes import MappingNode, Node, SequenceNode, has_unusual_space, shorten

#: the quotes of word processors, which are text in YAML
TYPOGRAPHIC_QUOTES = frozenset("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a")


def describe(node: Node) -> str:
    """Return what a node is, for a message."""
    if isinstance(node, MappingNode):
        return "a block of keys"
    if isinstance(node, SequenceNode):
        return "a list"
    value = node.value
    if value is None:
        return f"{shorten(node.text)}, which means empty in YAML" if node.text else "empty"
    if isinstance(value, str):
        is_typographic = node.plain and value[:1] in TYPOGRAPHIC_QUOTES
        quotes = "; YAML's quotes are \" and '" if is_typographic else ""
        return f'the text "{shorten(value)}"{quotes}{_likely_cause(value)}' if value.strip() else "empty text"
    return shorten(node.text) if isinstance(value, bool) else f"the number {shorten(node.text)}"


def _likely_cause(text: str) -> str:
    """Return why a text may not be what was meant; empty where there is no sign of that."""
    if is_template(text):
        return f"; {NO_TEMPLATES}"
    return f"; {UNUSUAL_SPACE}" if has_unusual_space(text) else ""


def list_words(words: Sequence[str], joint: str = ", ", most: int = 10) -> str:
    """Return the first words, and how many more there are."""
    first = joint.join(words[:most])
    return first if len(words) <= most else f"{first} and {len(words) - most} more"
