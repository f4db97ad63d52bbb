"""The progress of a sweep that needs several messages: each message passes it to the next."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepProgress:
    """How far a sweep has come: `start` is when its first message began, `page` marks the next page.

    `seen` is the hash of a page link, to detect a link that repeats. The other numbers are totals of all
    messages so far; `again` is how often the sweep started over.
    """

    start: datetime
    page: str = ""
    seen: str = ""
    pages: int = 0
    events: int = 0
    queued: int = 0
    would_enable: int = 0
    unreadable: int = 0
    again: int = 0

    def encode(self) -> str:
        """Return compact JSON; `decode` reads it."""
        return json.dumps({**asdict(self), "start": self.start.isoformat()}, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str) -> Self | None:
        """Parse a text. Return None if it is not a sweep's progress: the sweep then starts over."""
        try:
            data = json.loads(text)
            start, page = datetime.fromisoformat(data["start"]), data["page"]
            seen = data.get("seen", "")
            counts = {name: data.get(name, 0) for name in _COUNTS}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        is_valid = start.tzinfo is not None and isinstance(page, str) and isinstance(seen, str)
        if not is_valid or not all(type(count) is int and count >= 0 for count in counts.values()):
            return None
        return cls(start=start, page=page, seen=seen, **counts)


_COUNTS = ("pages", "events", "queued", "would_enable", "unreadable", "again")
