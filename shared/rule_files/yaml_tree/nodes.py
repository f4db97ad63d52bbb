"""YAML as a tree of nodes with positions. Values follow YAML 1.2's core schema: a date and `off` are text."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from shared.domain.position import Position

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: Unicode's spaces, except the ordinary one
_UNUSUAL_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
#: length of a text in a message, in characters
_MAX_LENGTH = 60


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value. `plain` is True where it has no quotes: `3` is a number, and `"3"` is text.

    `comment` is the position of a comment after the value that may be meant as text: `Project #42`.
    """

    line: int
    column: int
    text: str
    plain: bool
    comment: Position | None = None

    @property
    def value(self) -> bool | int | float | str | None:
        """The value by YAML 1.2's core schema."""
        if not self.plain:
            return self.text
        if self.text in _CONSTANTS:
            return _CONSTANTS[self.text]
        if _INTEGER.fullmatch(self.text):
            return int(self.text)
        if _OCTAL_OR_HEX.fullmatch(self.text):
            return int(self.text, 0)
        return float(self.text) if _NUMBER.fullmatch(self.text) else self.text


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list of nodes."""

    line: int
    column: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A block of keys, in order and each once, with their values by the text of the key."""

    line: int
    column: int
    keys: tuple[ScalarNode, ...]
    values: dict[str, "Node"]

    @property
    def entries(self) -> Iterable[tuple[ScalarNode, "Node"]]:
        """The keys with their values, in order."""
        return zip(self.keys, self.values.values(), strict=True)


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode


def value_of(node: Node | None, key: str) -> Node | None:
    """Return the value of a key; None where the node has no such key or is not a block of keys."""
    return node.values.get(key) if isinstance(node, MappingNode) else None


def has_unusual_space(text: str) -> bool:
    """Return whether the text contains a space that YAML does not treat as one."""
    return _UNUSUAL_SPACES.search(text) is not None


def shorten(text: str) -> str:
    """Return the text on one line and shortened, for a message."""
    line = text
    if not text.isprintable():
        named = _UNUSUAL_SPACES.sub(_name_of, text)
        line = "".join(character if character.isprintable() else " " for character in named)
    return line if len(line) <= _MAX_LENGTH else line[: _MAX_LENGTH - 3] + "…"


def _name_of(spaces: re.Match[str]) -> str:
    character = spaces[0][0]
    return f"[{unicodedata.name(character).lower()} U+{ord(character):04X}]"
