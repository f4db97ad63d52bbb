"""One line of the app's log, and how to find it in a line of text. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

#: columns of exports and of answers of `az` in which Azure keeps our line
_COLUMNS = ("message", "Message")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class LoggedLine:
    """A line that the app logged: its event such as `event.decided`, its time (aware UTC), and all keys.

    docs/logs.md describes the keys of each event.
    """

    event: str
    at: datetime
    keys: Mapping[str, Any]

    def text(self, key: str) -> str:
        """Return a key's text; empty if it has none."""
        value = self.keys.get(key)
        return value if isinstance(value, str) else ""


def parse_line(text: str) -> LoggedLine | None:
    """Return the app's line in a line of text; None if there is none.

    The text may be the line itself, also after a time or a level, a row of `az monitor log-analytics query`,
    or a row of a CSV export.
    """
    for candidate in _candidates(text):
        if line := _line(candidate):
            return line
    return None


def _candidates(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects that a line of text may contain as our line."""
    yield from _object(text, "{")
    if '"{\\"' in text:  # our line as a text in JSON
        quoted = _decoded(text[text.index('"{\\"') :])
        yield from _object(quoted if isinstance(quoted, str) else "", "{")
    if '{""' in text:  # CSV doubles quotation marks
        yield from _object(text.replace('""', '"'), '{"')


def _object(text: str, start: str) -> Iterator[dict[str, Any]]:
    at = text.find(start)
    found = _decoded(text[at:]) if at >= 0 else None
    if isinstance(found, dict):
        yield found
        for column in _COLUMNS:
            inner = found.get(column)
            if isinstance(inner, str) and isinstance(parsed := _decoded(inner), dict):
                yield parsed


def _decoded(text: str) -> object:
    """Return the JSON value at the start of a text; None if there is none."""
    try:
        value: object = _DECODER.raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None
    return value


def _line(found: Mapping[str, Any]) -> LoggedLine | None:
    event, level, timestamp = (found.get(key) for key in ("event", "level", "timestamp"))
    if not (isinstance(event, str) and isinstance(level, str) and isinstance(timestamp, str)):
        return None
    try:
        at = datetime.fromisoformat(timestamp)
        return LoggedLine(event, at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC), found)
    except (ValueError, OverflowError):
        return None
