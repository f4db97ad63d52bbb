"""Reads the keys of a queue message. Others can write to the queue, so each value is checked.

Standard library only, like `shared.domain.messages`.
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from shared.domain.ids import is_id
from shared.errors import LaterVersion, UnreadableMessage

VERSION = 1
_Member = TypeVar("_Member", bound=StrEnum)


def optional(**keys: int | str | tuple[object, ...]) -> dict[str, object]:
    """Return the keys with a value that is not empty. A version that does not know a key ignores it."""
    return {name: value for name, value in keys.items() if value}


def current(body: str | bytes) -> dict[str, Any]:
    """Return the JSON object of a message of this version.

    Raises:
        LaterVersion: a later version wrote it.
        UnreadableMessage: it is not a JSON object with a known version.
    """
    try:
        data = json.loads(body if isinstance(body, str) else body.decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableMessage("the message is not JSON") from error
    if not isinstance(data, dict):
        raise UnreadableMessage("the message is not a JSON object")
    version = data.get("v")
    if version != VERSION or isinstance(version, bool):
        is_later = isinstance(version, int) and version > VERSION
        kind = LaterVersion if is_later else UnreadableMessage
        raise kind(f"the message has version {shown(version)}, expected {VERSION}")
    return data


def text_at(data: dict[str, Any], key: str) -> str:
    """Return a text that is not empty. Raises ValueError."""
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key!r} is {shown(value)}, expected text")
    return value


def id_at(data: dict[str, Any], key: str) -> str:
    """Return an id of Graph. Raises ValueError."""
    value = text_at(data, key)
    if not is_id(value):
        raise ValueError(f"{key!r} is not an id of Graph")
    return value


def one_of(members: type[_Member], data: dict[str, Any], key: str) -> _Member:
    """Return a member of an enum.

    Raises:
        LaterVersion: the text is not a member; a later version may have more.
        ValueError: there is no text.
    """
    value = text_at(data, key)
    if value not in set(members):
        raise LaterVersion(f"the message can't be read: {key!r} is not one of {', '.join(members)}")
    return members(value)


def count_at(data: dict[str, Any], key: str) -> int:
    """Return a number from 0 up. Raises ValueError."""
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{key!r} is {shown(value)}, expected a number from 0 up")
    return value


def moment_at(data: dict[str, Any], key: str) -> datetime:
    """Return an aware time in UTC. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text_at(data, key))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # its error would quote the text, which may be anything
    raise ValueError(f"{key!r} is not a time with a UTC offset")


def shown(value: object) -> str:
    """Describe a value by its type, without its content, which may be text that people wrote."""
    return "missing" if value is None else f"{value}"[:20] if isinstance(value, int) else type(value).__name__
