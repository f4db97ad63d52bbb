"""Pieces of JSON Schema (draft 2020-12) in which syntaxes tell editors what a value looks like."""

import re
from collections.abc import Mapping
from re import Pattern
from typing import Any

Shape = dict[str, Any]

TEXT: Shape = {"type": "string", "pattern": r"\S"}
FLAG: Shape = {"type": "boolean"}
_RANGE = re.compile("[a-z]-[a-z]")


def matching(pattern: Pattern[str] | str) -> Shape:
    """Return text that the pattern matches as a whole. JSON Schema's patterns know no case-blindness."""
    source = pattern if isinstance(pattern, str) else pattern.pattern
    if not isinstance(pattern, str) and pattern.flags & re.IGNORECASE:
        source = _RANGE.sub(lambda letters: letters[0] + letters[0].upper(), source)
    return {"type": "string", "pattern": f"^({source})$"}


def one_or_more(item: Shape) -> Shape:
    """Return an item, or a list of them that is not empty."""
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def whole_number(least: int = 0) -> Shape:
    """Return a whole number of at least `least`."""
    return {"type": "integer", "minimum": least}


def block(keys: Mapping[str, Shape], *, required: tuple[str, ...] = (), least: int = 0) -> Shape:
    """Return a block of these keys and no others, at least `least` of them."""
    shape: Shape = {"type": "object", "properties": dict(keys), "additionalProperties": False}
    if required:
        shape["required"] = list(required)
    if least:
        shape["minProperties"] = least
    return shape
