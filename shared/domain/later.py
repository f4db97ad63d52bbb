"""A message of a later version, kept on its queue until that version is back.

While a new version is rolled out, or rolled back, both versions read the same queues. Standard library only.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from shared.domain.message_keys import VERSION

_KIND = "later"


@dataclass(frozen=True, slots=True)
class Later:
    """The text of a message that this version can't read, and since when (aware UTC) it waits."""

    message: str
    since: datetime

    def encode(self) -> str:
        """Return the envelope as compact JSON; `unwrapped` gives the same value back."""
        return json.dumps(
            {
                "v": VERSION,
                "kind": _KIND,
                "message": self.message,
                "since": self.since.astimezone(UTC).isoformat(),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def unwrapped(cls, body: bytes) -> Self | None:
        """Return what the envelope holds; None where the body is no such envelope."""
        try:
            data = json.loads(body)
            if not isinstance(data, dict) or (data.get("v"), data.get("kind")) != (VERSION, _KIND):
                return None
            message, since = data.get("message"), datetime.fromisoformat(data["since"])
            if not isinstance(message, str) or since.tzinfo is None:
                return None
            message.encode()  # a lone surrogate can't be sent on
            return cls(message, since.astimezone(UTC))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None
