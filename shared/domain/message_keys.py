"""Reading the keys of a queue message, which anybody may have written.

Standard library only, as `shared.domain.messages`.
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from shared.domain.ids import is_id
from shared.errors import LaterVersion, UnreadableMessage

VERSION = 1
_Words = TypeVar("_Words", bound=StrEnum)


def optional(**keys: int | str | tuple[object, ...]) -> dict[str, object]:
    """Return the keys that say something. A version that does not know one passes it over."""
    return {name: value for name, value in keys.items() if value}


def current(body: str | bytes) -> dict[str, Any]:
    """Return the JSON object of a message of this version.

    Raises:
        LaterVersion: a later version wrote it.
        UnreadableMessage: it is no message.
    """
    try:
        data = json.loads(body if isinstance(body, str) else body.decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableMessage("the message is not JSON") from error
    if not isinstance(data, dict):
        raise UnreadableMessage("the message is JSON, but no object")
    version = data.get("v")
    if version != VERSION or isinstance(version, bool):
        is_later = isinstance(version, int) and version > VERSION
        kind = LaterVersion if is_later else UnreadableMessage
        raise kind(f"the message has version {shown(version)}, this is {VERSION}")
    return data


def text_at(data: dict[str, Any], key: str) -> str:
    """Return a text that is not empty; ValueError where there is none."""
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key!r} is {shown(value)}, text is due")
    return value


def id_at(data: dict[str, Any], key: str) -> str:
    """Return an id of Graph's under a key; raises ValueError."""
    value = text_at(data, key)
    if not is_id(value):
        raise ValueError(f"{key!r} is not an id that Graph gives")
    return value


def one_of(words: type[_Words], data: dict[str, Any], key: str) -> _Words:
    """Return one of our words; LaterVersion where it is none that we know, ValueError where it is no text."""
    value = text_at(data, key)
    if value not in set(words):
        raise LaterVersion(f"the message can't be read: {key!r} is none of {', '.join(words)}")
    return words(value)


def count_at(data: dict[str, Any], key: str) -> int:
    """Return a number from 0 up; ValueError where there is none."""
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{key!r} is {shown(value)}, a number from 0 up is due")
    return value


def moment_at(data: dict[str, Any], key: str) -> datetime:
    """Return an aware moment in UTC; ValueError where there is none."""
    try:
        moment = datetime.fromisoformat(text_at(data, key))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # the foreign text stays out of the error
    raise ValueError(f"{key!r} is no moment with a UTC offset")


def shown(value: object) -> str:
    """Name a foreign value by its kind, not its content: it may hold what people wrote."""
    return "missing" if value is None else f"{value}"[:20] if isinstance(value, int) else type(value).__name__
