"""Reads the keys of a queue message, which may come from another version or from outside.

Standard library only, like `shared.domain.messages`.
"""

import json
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from shared.domain.ids import is_id, is_object_id
from shared.errors import LaterVersion, UnreadableMessage

VERSION = 1
_Choices = TypeVar("_Choices", bound=StrEnum)


def non_empty(**keys: int | str | tuple[object, ...]) -> dict[str, object]:
    """Return the keys that are not zero or empty. Versions ignore keys that they do not know."""
    return {name: value for name, value in keys.items() if value}


def read_object(body: str | bytes) -> dict[str, Any]:
    """Return the JSON object of a message of this version.

    Raises:
        LaterVersion: a later version wrote it.
        UnreadableMessage: it is not a message of Joinlink.
    """
    try:
        data = json.loads(body if isinstance(body, str) else body.decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableMessage("the message is not JSON") from error
    if not isinstance(data, dict):
        raise UnreadableMessage("the message is JSON, but not an object")
    version = data.get("v")
    if version != VERSION or isinstance(version, bool):
        is_later = isinstance(version, int) and version > VERSION
        error_class = LaterVersion if is_later else UnreadableMessage
        raise error_class(f"the message has version {kind_of(version)}, expected {VERSION}")
    return data


def read_text(data: dict[str, Any], key: str) -> str:
    """Return a text. Raises ValueError if it is missing, empty or not a text."""
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key!r} is {kind_of(value)}: expected text")
    return value


def read_id(data: dict[str, Any], key: str) -> str:
    """Return an id of Graph. Raises ValueError if it is missing or not an id."""
    value = read_text(data, key)
    if not is_id(value):
        raise ValueError(f"{key!r} is not an id that Graph gives")
    return value


def read_object_id(data: dict[str, Any], key: str) -> str:
    """Return the object id of a user. Raises ValueError if it is missing or not a GUID in lower case."""
    value = read_text(data, key)
    if not is_object_id(value):
        raise ValueError(f"{key!r} is not an object id: expected a GUID in lower case")
    return value


def read_choice(choices: type[_Choices], data: dict[str, Any], key: str) -> _Choices:
    """Return a member of an enum.

    Raises:
        LaterVersion: this version does not know the value.
        ValueError: it is missing or not a text.
    """
    value = read_text(data, key)
    if value not in set(choices):
        raise LaterVersion(f"the message can't be read: {key!r} is not one of {', '.join(choices)}")
    return choices(value)


def read_count(data: dict[str, Any], key: str) -> int:
    """Return a whole number from 0 up. Raises ValueError if it is missing or something else."""
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{key!r} is {kind_of(value)}: expected a whole number from 0 up")
    return value


def read_time(data: dict[str, Any], key: str) -> datetime:
    """Return an aware time in UTC. Raises ValueError if it is missing or has no UTC offset."""
    try:
        time = datetime.fromisoformat(read_text(data, key))
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # this error may quote the value, which must not be logged
    raise ValueError(f"{key!r} is not a time with a UTC offset")


def read_period(data: dict[str, Any], key: str) -> tuple[datetime, datetime] | None:
    """Return a list of two times. Anything else counts as none: only statistics use it."""
    match data.get(key):
        case [since, until]:
            with suppress(ValueError):
                return read_time({key: since}, key), read_time({key: until}, key)
    return None


def kind_of(value: object) -> str:
    """Return "missing", a number, or the type of another value: its content may be personal data."""
    if value is None:
        return "missing"
    return f"{value}"[:20] if isinstance(value, int) else type(value).__name__
