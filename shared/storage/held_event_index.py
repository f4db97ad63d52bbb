"""Lists the events that are held for an admin: an index in the `meetings` table, which avoids a full scan.

The event's own row decides (state `write_unknown`). Joinlink adds the index entry before it writes that row
and removes it afterwards. So an entry may be left over, but none is missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from shared.domain.meeting import Meeting, MeetingState
from shared.storage.meetings import Meetings, StoredMeeting
from shared.storage.tables import VERSION, Table, hashed

_PARTITION = "held"
#: Health stops counting here: each entry costs a read, and health must answer within seconds.
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event that Joinlink does not touch until an admin releases it. `id` is short, for a command line."""

    id: str
    mailbox: str
    event: str
    stored: StoredMeeting

    @property
    def meeting(self) -> Meeting | None:
        """What is known of the write; None if the event's row can't be read."""
        return self.stored.meeting


class HeldEventIndex:
    """The index of held events. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table, meetings: Meetings) -> None:
        self._table = table
        self._meetings = meetings

    def add(self, mailbox: str, event: str, at: datetime) -> None:
        """Add an event, before its row says that it is held."""
        self._table.merge(
            _PARTITION, _key(mailbox, event), {"v": VERSION, "mailbox": mailbox, "event": event, "at": at}
        )

    def remove(self, mailbox: str, event: str) -> None:
        """Remove an event that is not held any more."""
        self._table.delete_any(_PARTITION, _key(mailbox, event))

    def all(self) -> Iterator[HeldEvent]:
        """Yield every event that is held according to its own row."""
        return filter(None, map(self._held_event, self._entries()))

    def count(self) -> int:
        """Return how many of the first `MOST_COUNTED` entries are events that are held."""
        return sum(self._held_event(row) is not None for row in islice(self._entries(), MOST_COUNTED))

    def _entries(self) -> Iterator[Mapping[str, Any]]:
        return self._table.rows(f"PartitionKey eq '{_PARTITION}'")

    def _held_event(self, entry: Mapping[str, Any]) -> HeldEvent | None:
        """Return the event of an entry; None if it is not held any more."""
        mailbox, event = str(entry.get("mailbox", "")), str(entry.get("event", ""))
        stored = self._meetings.read(mailbox, event)
        is_held = stored.meeting is not None and stored.meeting.state is MeetingState.WRITE_UNKNOWN
        if not is_held and not stored.is_unreadable:
            return None
        return HeldEvent(str(entry["RowKey"])[:12], mailbox, event, stored)


def _key(mailbox: str, event: str) -> str:
    return hashed(f"{mailbox} {event}")
