"""Renders a log line as JSON that is never longer than Application Insights keeps."""

import json
import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

#: Application Insights cuts a message after 32,768 characters, and a truncated JSON object is unreadable.
MAX_LINE_LENGTH = 32_000
#: how many items of a list and characters of a text to keep; tried in turn until the line is short enough
_LIMITS = ((100, 4_000), (50, 1_000), (20, 250), (5, 60))
#: how many values of a line to keep once it must be shortened
_MAX_VALUES = 2_000
_MAX_DEPTH = 6
_MAX_NUMBER = 1 << 256


def render(_logger: object, _method: str, line: Mapping[str, Any]) -> str:
    """Return a line as JSON of at most `MAX_LINE_LENGTH` characters; long lists and texts are shortened.

    A shortened list or text ends with how much is missing: `… and 123 more`.
    """
    try:
        text = _json(line)
        if len(text) <= MAX_LINE_LENGTH:
            return text
    except (ValueError, TypeError, RecursionError):
        pass  # JSON can't represent a number, a key or a loop in it
    for items, characters in _LIMITS:
        shortener = _Shortener(items, characters)
        text = _json({key: shortener.shorten(value) for key, value in line.items()})
        if len(text) <= MAX_LINE_LENGTH:
            return text
    return _json({key: str(line.get(key))[:60] for key in ("event", "level", "timestamp")} | {"cut": True})


def _json(line: object) -> str:
    return json.dumps(line, default=str, allow_nan=False)


class _Shortener:
    """Shortens the values of one line: at most `items` of each list, `characters` of each text."""

    def __init__(self, items: int, characters: int) -> None:
        self._items = items
        self._characters = characters
        self._left = _MAX_VALUES

    def shorten(self, value: object, depth: int = 0) -> object:
        """Return the value, shortened, as JSON can represent it."""
        self._left -= 1
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return "…" if depth >= _MAX_DEPTH or self._left <= 0 else self._shorten_container(value, depth)
        is_number = isinstance(value, int) and -_MAX_NUMBER < value < _MAX_NUMBER
        if value is None or is_number or (isinstance(value, float) and math.isfinite(value)):
            return value
        return self._shorten_text(
            f"a number of {value.bit_length()} bits" if isinstance(value, int) else str(value)
        )

    def _shorten_container(self, value: Mapping[Any, Any] | Iterable[Any], depth: int) -> object:
        if isinstance(value, Mapping):
            pairs = list(islice(value.items(), self._items))
            entries = {self._shorten_text(str(key)): self.shorten(each, depth + 1) for key, each in pairs}
            return entries | ({"…": f"and {len(value) - len(pairs)} more"} if len(value) > len(pairs) else {})
        items = list(value)
        kept = [self.shorten(each, depth + 1) for each in items[: self._items]]
        return kept + ([f"… and {len(items) - len(kept)} more"] if len(items) > len(kept) else [])

    def _shorten_text(self, text: str) -> str:
        left = len(text) - self._characters
        return f"{text[: self._characters]}… and {left} more characters" if left > 0 else text
