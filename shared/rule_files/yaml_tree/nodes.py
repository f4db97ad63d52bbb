"""YAML text as a small tree with positions, read by YAML 1.2's core schema and nothing else.

So a date is text, and `off` is text.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from shared.domain.position import Position

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_BASED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: blanks of Unicode beside the ordinary one
_FALSE_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
#: so long is a text in a message
_SHOWN = 60


# Nodes are named tuples because a file has tens of thousands: frozen dataclasses take three times as long.
class Scalar(NamedTuple):
    """One value. `plain` tells that it stood without quotes, so that `3` is a number and `"3"` is not.

    `comment` is where a comment behind it begins that may be meant as text, `Project #42`.
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
        if self.text in _WORDS:
            return _WORDS[self.text]
        if self.text[0] not in _NUMERIC:
            return self.text
        if _INTEGER.fullmatch(self.text):
            return int(self.text)
        if _BASED.fullmatch(self.text):
            return int(self.text, 0)
        return float(self.text) if _NUMBER.fullmatch(self.text) else self.text


_NUMERIC = frozenset("0123456789+-.")


class Listing(NamedTuple):
    """A list of nodes."""

    line: int
    column: int
    items: tuple["Node", ...]


class Mapping(NamedTuple):
    """Keys in order, each of which stands once, and what stands behind them, by the keys' text."""

    line: int
    column: int
    keys: tuple[Scalar, ...]
    values: dict[str, "Node"]

    @property
    def entries(self) -> Iterable[tuple[Scalar, "Node"]]:
        """The keys with their nodes, in order."""
        return zip(self.keys, self.values.values(), strict=True)


Node = Scalar | Listing | Mapping


def value_of(node: Node | None, key: str) -> Node | None:
    """Return the node of a key; None where the node has no such key, or no keys at all."""
    return node.values.get(key) if isinstance(node, Mapping) else None


def has_false_space(text: str) -> bool:
    """Whether a blank in the text is none of YAML's, and only looks like one."""
    return not text.isascii() and _FALSE_SPACES.search(text) is not None


def _named(spaces: re.Match[str]) -> str:
    character = spaces[0][0]
    return f"[{unicodedata.name(character).lower()} U+{ord(character):04X}]"


def shown(text: str) -> str:
    """Return the text on one line, shortened, fit for a message."""
    flat = text
    if not text.isprintable():
        named = _FALSE_SPACES.sub(_named, text)
        flat = "".join(character if character.isprintable() else " " for character in named)
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 3] + "…"
