"""Pieces of JSON Schema (draft 2020-12) from which the schema of rule files is built.

`patternErrorMessage`, `errorMessage` and `enumDescriptions` are extensions that VS Code reads.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from re import Pattern
from typing import Any

Shape = dict[str, Any]


def with_message(shape: Shape, message: str) -> Shape:
    """Return the shape with the message that editors show instead of a pattern."""
    # Editors show the first where the pattern does not match, the second where the value is not text.
    return {**shape, "patternErrorMessage": message, "errorMessage": message}


TEXT: Shape = with_message({"type": "string", "pattern": r"\S"}, "Needs text.")
FLAG: Shape = {"type": "boolean"}
_LETTER = re.compile(r"\\.|\[[^\]]*\]|[a-z]")
_RANGE = re.compile("[a-z]-[a-z]")


def rebuilt(part: Any, change: Callable[[Shape], None]) -> Any:
    """Return a copy of a piece of schema with `change` applied to every object, inner ones first."""
    if isinstance(part, list):
        return [rebuilt(each, change) for each in part]
    if not isinstance(part, dict):
        return part
    copy = {key: rebuilt(value, change) for key, value in part.items()}
    change(copy)
    return copy


def matching(pattern: Pattern[str] | str, message: str) -> Shape:
    """Return text that matches the whole pattern, apart from spaces around; `message` is for other text."""
    source = pattern if isinstance(pattern, str) else pattern.pattern
    if not isinstance(pattern, str) and pattern.flags & re.IGNORECASE:
        source = _ignoring_case(source)
    return with_message({"type": "string", "pattern": rf"^\s*({source})\s*$"}, message)


def _ignoring_case(source: str) -> str:
    """Return a pattern in small letters for both cases: patterns of JSON Schema have no flags."""
    return _LETTER.sub(lambda found: _both_cases(found[0]), source)


def _both_cases(part: str) -> str:
    if part.startswith("\\"):
        return part
    if part.startswith("["):
        return _RANGE.sub(lambda letters: letters[0] + letters[0].upper(), part)
    return f"[{part}{part.upper()}]"


def any_case(words: Sequence[str]) -> Shape:
    """Return one of the words, in any case; editors offer them as they are spelled here."""
    pattern = re.compile("|".join(words).lower(), re.IGNORECASE)
    return {"anyOf": [{"enum": list(words)}, matching(pattern, f"Needs one of {', '.join(words)}.")]}


def one_of(choices: Mapping[str, str]) -> Shape:
    """Return one of these values; each comes with its meaning."""
    return {"enum": list(choices), "enumDescriptions": list(choices.values())}


def one_or_more(item: Shape) -> Shape:
    """Return an item, or a list of them that is not empty."""
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def whole_number(least: int = 0) -> Shape:
    """Return a whole number of at least `least`."""
    return {"type": "integer", "minimum": least}


def block(keys: Mapping[str, Shape], *, required: tuple[str, ...] = (), least: int = 0) -> Shape:
    """Return an object with these keys and no others, at least `least` of them."""
    shape: Shape = {"type": "object", "properties": dict(keys), "additionalProperties": False}
    if required:
        shape["required"] = list(required)
    if least:
        shape["minProperties"] = least
    return shape
