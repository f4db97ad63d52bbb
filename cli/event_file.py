"""An event in a file, in Graph's own JSON: an answer of GET, as Graph Explorer shows it."""

import json
import sys
from pathlib import Path
from typing import Any

from cli.output import Refused
from shared.domain.event import Event
from shared.errors import UnexpectedAnswer
from shared.graph.wire import event_from

_STDIN = Path("-")
#: copied by hand, an event may lack what no decision depends on
_UNIMPORTANT = {"id": "(no id)", "@odata.etag": 'W/"none"'}


def read_event(file: Path) -> Event:
    """Return the event.

    Raises:
        Refused: the file can't be read, is not JSON, or holds no event.
    """
    data = _json(file)
    if not isinstance(data, dict) or "value" in data:
        raise Refused(f"{file} holds no single event; save the answer of GET /users/…/events/… in it")
    try:
        return event_from({**_UNIMPORTANT, **data}, "read the file")
    except UnexpectedAnswer as error:
        why = error.detail
        raise Refused(f"{file} holds no event as Graph shows it: {why}") from error


def _json(file: Path) -> Any:
    try:
        content = sys.stdin.buffer.read() if file == _STDIN else file.read_bytes()
    except FileNotFoundError:
        raise Refused(f"{file} does not exist") from None
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}") from error
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        where = f"; look at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Refused(f"{file} is not JSON{where}") from error
