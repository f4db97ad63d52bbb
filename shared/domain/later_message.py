"""The envelope of a message that a later version wrote. It stays on its queue until that version is back.

During a roll-out or a roll-back, both versions read the same queues. Standard library only.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from shared.domain.message_keys import VERSION

_KIND = "later"


@dataclass(frozen=True, slots=True)
class LaterMessage:
    """The text of a message that this version can't read, and since when (aware UTC) it waits."""

    message: str
    since: datetime

    def encode(self) -> str:
        """Return the envelope as compact JSON; `read` returns the same value again."""
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
    def read(cls, body: bytes) -> Self | None:
        """Return what the envelope contains; None if the body is not such an envelope."""
        try:
            data = json.loads(body)
            if not isinstance(data, dict) or (data.get("v"), data.get("kind")) != (VERSION, _KIND):
                return None
            message, since = data.get("message"), datetime.fromisoformat(data["since"])
            if not isinstance(message, str) or since.tzinfo is None:
                return None
            message.encode()  # raises for a lone surrogate, which a queue does not accept
            return cls(message, since.astimezone(UTC))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None
