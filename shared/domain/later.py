"""The envelope of a message that only a later version of Joinlink can read; it waits on its queue.

While a new version is rolled out or rolled back, both versions read the same queues. Standard library only.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from shared.domain.message_keys import VERSION

_KIND = "later"


@dataclass(frozen=True, slots=True)
class Later:
    """The text of a message that this version can't read, and since when it waits (aware UTC)."""

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
        """Return the content of the envelope; None if the body is not such an envelope."""
        try:
            data = json.loads(body)
            if not isinstance(data, dict) or (data.get("v"), data.get("kind")) != (VERSION, _KIND):
                return None
            message, since = data.get("message"), datetime.fromisoformat(data["since"])
            if not isinstance(message, str) or since.tzinfo is None:
                return None
            message.encode()  # a lone surrogate can't be sent
            return cls(message, since.astimezone(UTC))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None
