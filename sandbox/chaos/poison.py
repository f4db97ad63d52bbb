"""The messages in the poison queues: why they are there, and whether the record allows it."""

import base64
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

#: so many processes must have died with the message for `worker_lost`
_DEATHS_TO_POISON = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonedMessage:
    """A message: the event that it is about, "" if none, and the product's reason."""

    text: str
    event: str
    reason: str

    def is_allowed(self, *, is_refused: bool, deaths: int) -> bool:
        """Return whether it may be there. `is_refused`: a fault refused a call about its event for good.

        `deaths` is the number of hosts that were killed.
        """
        return is_refused or (self.reason == "worker_lost" and deaths >= _DEATHS_TO_POISON)


def read_poison(text: str) -> PoisonedMessage:
    """Read a message, which may be base64."""
    with suppress(ValueError):
        text = base64.b64decode(text, validate=True).decode("utf-8", "replace")
    found = _flat(text)
    return PoisonedMessage(text=text, event=str(found.get("event", "")), reason=str(found.get("reason", "")))


def _flat(text: str) -> dict[str, Any]:
    """Return the keys of a message, and of the message that it wraps as text."""
    try:
        outer = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(outer, dict):
        return {}
    inner = outer.get("message")
    return {**(_flat(inner) if isinstance(inner, str) else {}), **outer}
