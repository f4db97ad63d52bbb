"""A log line as JSON, never longer than Application Insights keeps, whatever it holds."""

import json
import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

#: characters; Application Insights cuts a message after 32,768, and half a JSON object can't be read
LONGEST_LINE = 32_000
#: items of a list and characters of a text that stay, tried in turn until the line is short enough
_CUTS = ((100, 4_000), (50, 1_000), (20, 250), (5, 60))
#: values of a line that are shown at all, once it must be cut
_MOST_VALUES = 2_000
_DEEPEST = 6
_LONGEST_NUMBER = 1 << 256


def render(_logger: object, _method: str, line: Mapping[str, Any]) -> str:
    """Return a line as JSON of at most `LONGEST_LINE` characters; long lists and texts are cut.

    What was cut says how much: `… and 123 more` is the last item of a list, or the end of a text.
    """
    try:
        text = _json(line)
        if len(text) <= LONGEST_LINE:
            return text
    except (ValueError, TypeError, RecursionError):
        pass  # a number, a key or a loop that JSON does not know
    for items, characters in _CUTS:
        cutter = _Cutter(items, characters)
        text = _json({key: cutter.cut(value) for key, value in line.items()})
        if len(text) <= LONGEST_LINE:
            return text
    return _json({key: str(line.get(key))[:60] for key in ("event", "level", "timestamp")} | {"cut": True})


def _json(line: object) -> str:
    return json.dumps(line, default=str, allow_nan=False)


class _Cutter:
    """Cuts the values of one line: so many items of each list, so many characters of each text."""

    def __init__(self, items: int, characters: int) -> None:
        self._items = items
        self._characters = characters
        self._left = _MOST_VALUES

    def cut(self, value: object, depth: int = 0) -> object:
        """Return the value as JSON knows it."""
        self._left -= 1
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return "…" if depth >= _DEEPEST or self._left <= 0 else self._some(value, depth)
        is_number = isinstance(value, int) and -_LONGEST_NUMBER < value < _LONGEST_NUMBER
        if value is None or is_number or (isinstance(value, float) and math.isfinite(value)):
            return value
        return self._text(f"a number of {value.bit_length()} bits" if isinstance(value, int) else str(value))

    def _some(self, value: Mapping[Any, Any] | Iterable[Any], depth: int) -> object:
        if isinstance(value, Mapping):
            pairs = list(islice(value.items(), self._items))
            some = {self._text(str(key)): self.cut(each, depth + 1) for key, each in pairs}
            return some | ({"…": f"and {len(value) - len(pairs)} more"} if len(value) > len(pairs) else {})
        every = list(value)
        shown = [self.cut(each, depth + 1) for each in every[: self._items]]
        return shown + ([f"… and {len(every) - len(shown)} more"] if len(every) > len(shown) else [])

    def _text(self, text: str) -> str:
        left = len(text) - self._characters
        return f"{text[: self._characters]}… and {left} more characters" if left > 0 else text
