"""Reads events from a file in Graph's JSON, such as the response that Graph Explorer shows."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from cli.bounded import read_bounded
from cli.output import Refused
from cli.powershell import powershell_problem
from shared.domain.event import Event
from shared.errors import UnexpectedAnswer
from shared.graph.protocol import error_codes, event_calls
from shared.graph.protocol.event_json import parse_event

#: enough for an event whose body is as large as Exchange allows, and for a page of others
_MAX_BYTES = 16 * 1024 * 1024
MOST_EVENTS = 1_000
#: used for properties that every event has, but that may be missing in a copy
_DEFAULTS = {"id": "none", "@odata.etag": 'W/"none"'}
#: No decision depends on these. `locations` contains `location`. `time_notes` reports missing zones.
_UNIMPORTANT = frozenset(
    {
        "id",
        "location",
        "onlineMeetingProvider",
        "lastModifiedDateTime",
        "createdDateTime",
        "originalStartTimeZone",
        "originalEndTimeZone",
    }
)
_SAVE = "save the response of GET /users/…/events/… in it"


class EventFile(NamedTuple):
    """An event from a file, and the names of the properties in the file."""

    event: Event
    properties: frozenset[str]

    def missing_properties(self) -> list[str]:
        """Return the properties that the worker always requests from Graph and that are not in the file."""
        requested = event_calls.read_event("any", "any").params["$select"].split(",")
        return [name for name in requested if name not in self.properties | _UNIMPORTANT]


def read_events(file: Path) -> list[EventFile]:
    """Return the event of a file, or all events of a list, such as the answer of a calendar view.

    Raises:
        Refused: the file can't be read, is not JSON, or has no event, too many, or one that can't be read.
    """
    data = _json(file)
    if isinstance(data, dict) and ("error" in data or "error_description" in data):
        raise Refused(
            f"{file} contains an error response of Graph{_code(data)}, not an event; {_SAVE} when it succeeds"
        )
    if problem := powershell_problem(data):
        raise Refused(f"{file} {problem}")
    items = data.get("value") if isinstance(data, dict) else data
    if not isinstance(items, list):
        return [_event(data, str(file))]
    if not items:
        raise Refused(f"{file} is a list without events; {_SAVE}")
    if len(items) > MOST_EVENTS:
        raise Refused(f"{file} has more than {MOST_EVENTS:,} events; save fewer of them in it")
    return [_event(item, f"{file}, event {number},") for number, item in enumerate(items, start=1)]


def _event(data: Any, place: str) -> EventFile:
    if not isinstance(data, dict) or "value" in data or "responses" in data:
        raise Refused(f"{place} does not contain a single event; {_SAVE}")
    try:
        event = parse_event({**_DEFAULTS, **data, "id": _DEFAULTS["id"]}, "read the file")
    except UnexpectedAnswer as error:
        raise Refused(f"{place} does not contain an event as Graph returns it: {error.detail}") from error
    # The id of an event in a file is only shown, so it may be any text.
    event_id = data["id"] if isinstance(data.get("id"), str) else "(no id)"
    return EventFile(replace(event, id=event_id), frozenset(data))


def _code(data: dict[str, Any]) -> str:
    """Return Graph's error code in brackets; empty if it is not a plain word."""
    code = error_codes.loggable_code(error_codes.codes_of(data.get("error")))
    return f" ({code})" if code.isascii() and code.isalpha() else ""


def _json(file: Path) -> Any:
    try:
        content = read_bounded(file, _MAX_BYTES + 1)
    except FileNotFoundError:
        raise Refused(f"{file} does not exist") from None
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise Refused(
            f"{file} is larger than {_MAX_BYTES >> 20} MiB, which no event is, nor a page of them; {_SAVE}"
        )
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        where = f"; see line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Refused(f"{file} is not JSON{where}; {_SAVE}") from error
