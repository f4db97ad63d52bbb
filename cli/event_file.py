"""An event in a file, in Graph's own JSON: an answer of GET, as Graph Explorer shows it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from cli.bounded import read_bounded
from cli.output import Refused
from shared.domain.event import Event
from shared.errors import UnexpectedAnswer
from shared.graph.protocol import error_codes, event_calls
from shared.graph.protocol.event_json import parse_event

#: an event with a body as large as Exchange takes by mail has less
_MOST_BYTES = 4 * 1024 * 1024
#: what an event has in any case, and one that was copied by hand may lack
_NAMELESS = {"id": "none", "@odata.etag": 'W/"none"'}
#: No decision depends on these; `locations` holds what `location` does. Zones get notes of their own.
_UNIMPORTANT = frozenset(
    {
        "id",
        "location",
        "onlineMeetingProvider",
        "lastModifiedDateTime",
        "originalStartTimeZone",
        "originalEndTimeZone",
    }
)


_SAVE = "save the answer of GET /users/…/events/… in it"


class EventFile(NamedTuple):
    """The event of a file, and the properties that the file has of it."""

    event: Event
    properties: frozenset[str]

    def lacking(self, *, with_body: bool) -> list[str]:
        """Return what the worker asks Graph for, and the file does not say."""
        asked = event_calls.read_event("any", "any", with_body=with_body).params["$select"].split(",")
        return [name for name in asked if name not in self.properties | _UNIMPORTANT]


def read_event(file: Path) -> EventFile:
    """Return the event.

    Raises:
        Refused: the file can't be read, is not JSON, or holds no event.
    """
    data = _json(file)
    if isinstance(data, dict) and ("error" in data or "error_description" in data):
        raise Refused(
            f"{file} is an error answer of Graph{_code(data)}, not an event; {_SAVE} once it succeeds"
        )
    if not isinstance(data, dict) or "value" in data or "responses" in data:
        raise Refused(f"{file} holds no single event; {_SAVE}")
    try:
        event = parse_event({**_NAMELESS, **data, "id": _NAMELESS["id"]}, "read the file")
    except UnexpectedAnswer as error:
        why = error.detail
        raise Refused(f"{file} holds no event as Graph shows it: {why}") from error
    # Nothing is asked or stored by the id of an event in a file, so any text will do.
    shown = data["id"] if isinstance(data.get("id"), str) else "(no id)"
    return EventFile(replace(event, id=shown), frozenset(data))


def _code(data: dict[str, Any]) -> str:
    """Return Graph's own code of an error, in brackets; nothing where it is no plain word."""
    code = error_codes.loggable_code(error_codes.codes_of(data.get("error")))
    return f" ({code})" if code.isascii() and code.isalpha() else ""


def _json(file: Path) -> Any:
    try:
        content = read_bounded(file, _MOST_BYTES + 1)
    except FileNotFoundError:
        raise Refused(f"{file} does not exist") from None
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise Refused(f"{file} has more than {_MOST_BYTES >> 20} MiB, and no event has; {_SAVE}")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        where = f"; look at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Refused(f"{file} is not JSON{where}") from error
