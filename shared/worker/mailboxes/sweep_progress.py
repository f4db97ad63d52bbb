"""The progress of a sweep that needs several messages: each message passes it to the next."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepProgress:
    """How far a sweep has come: `start` is when its first message began, `page` marks the next page.

    `calendar` is the id of the calendar of that page, empty for the default one. `seen` is the hash of a page
    link, to detect a link that repeats. `pages` and `postponed`, the events that the next part of a first
    sweep must queue, are about this calendar. The other numbers are totals of all messages so far:
    `calendars` are those searched, `unread` those that can't be read, `slots` are taken by first sweeps, and
    `again` is how often the sweep started over.
    """

    start: datetime
    calendar: str = ""
    page: str = ""
    seen: str = ""
    pages: int = 0
    events: int = 0
    queued: int = 0
    would_enable: int = 0
    unreadable: int = 0
    calendars: int = 0
    unread: int = 0
    postponed: int = 0
    slots: int = 0
    again: int = 0

    def in_calendar(self, calendar: str) -> Self:
        """Return the progress at the beginning of another calendar."""
        return replace(self, calendar=calendar, page="", seen="", pages=0, postponed=0)

    def encode(self) -> str:
        """Return compact JSON; `decode` reads it."""
        return json.dumps({**asdict(self), "start": self.start.isoformat()}, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str) -> Self | None:
        """Parse a text. Return None if it is not a sweep's progress: the sweep then starts over."""
        try:
            data = json.loads(text)
            start, page = datetime.fromisoformat(data["start"]), data["page"]
            seen, calendar = data.get("seen", ""), data.get("calendar", "")
            counts = {name: data.get(name, 0) for name in _COUNTS}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        is_valid = start.tzinfo is not None and all(isinstance(one, str) for one in (page, seen, calendar))
        if not is_valid or not all(type(count) is int and count >= 0 for count in counts.values()):
            return None
        return cls(start=start, calendar=calendar, page=page, seen=seen, **counts)


_COUNTS = (
    "pages",
    "events",
    "queued",
    "would_enable",
    "unreadable",
    "calendars",
    "unread",
    "postponed",
    "slots",
    "again",
)
