"""Where a sweep continues that did not fit into one message: what its next message carries."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepMark:
    """How far a sweep has come: `start` is when its first part began, `page` the mark of the next page.

    `seen` is a link, hashed, that must not come again. The others count what the parts before have found;
    `again` how often it began from the start.
    """

    start: datetime
    page: str = ""
    seen: str = ""
    pages: int = 0
    events: int = 0
    queued: int = 0
    missed: int = 0
    would_enable: int = 0
    unreadable: int = 0
    again: int = 0

    def encode(self) -> str:
        """Return it as compact JSON; `decode` gives the same value back."""
        return json.dumps({**asdict(self), "start": self.start.isoformat()}, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str) -> Self | None:
        """Read a mark; None where it is none of ours: the sweep begins at the beginning then."""
        try:
            data = json.loads(text)
            start, page = datetime.fromisoformat(data["start"]), data["page"]
            seen = data.get("seen", "")
            counts = {name: data.get(name, 0) for name in _COUNTS}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        is_ours = start.tzinfo is not None and isinstance(page, str) and isinstance(seen, str)
        if not is_ours or not all(type(count) is int and count >= 0 for count in counts.values()):
            return None
        return cls(start=start, page=page, seen=seen, **counts)


_COUNTS = ("pages", "events", "queued", "missed", "would_enable", "unreadable", "again")
