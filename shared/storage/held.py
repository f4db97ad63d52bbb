"""Which events are held for an admin: an index in the `meetings` table, so that nobody has to search it.

The event's own row is what counts (state `write_unknown`). The index is written before it and removed after
it, so an entry may be left over, and none is missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from shared.domain.meeting import Meeting, MeetingState
from shared.storage.meetings import Meetings, Stored
from shared.storage.tables import VERSION, Table, hashed

_PARTITION = "held"
#: Health counts no further: each costs a read, and health answers within seconds.
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event that Joinlink leaves alone until an admin releases it. `id` is short, for a command line."""

    id: str
    mailbox: str
    event: str
    stored: Stored

    @property
    def meeting(self) -> Meeting | None:
        """What is known of the write; None where the event's row can't be read."""
        return self.stored.meeting


class Held:
    """The index of held events. Every method raises `StorageUnavailable`."""

    def __init__(self, table: Table, meetings: Meetings) -> None:
        self._table = table
        self._meetings = meetings

    def add(self, mailbox: str, event: str, at: datetime) -> None:
        """Enter an event before its row says that it is held."""
        self._table.merge(
            _PARTITION, _key(mailbox, event), {"v": VERSION, "mailbox": mailbox, "event": event, "at": at}
        )

    def remove(self, mailbox: str, event: str) -> None:
        """Take an event out whose row says something else."""
        self._table.drop(_PARTITION, _key(mailbox, event))

    def all(self) -> Iterator[HeldEvent]:
        """Yield every event that its own row says is held."""
        return filter(None, map(self._entry, self._entries()))

    def count(self) -> int:
        """Return how many of the first `MOST_COUNTED` entries are of events that are held."""
        return sum(self._entry(row) is not None for row in islice(self._entries(), MOST_COUNTED))

    def _entries(self) -> Iterator[Mapping[str, Any]]:
        return self._table.rows(f"PartitionKey eq '{_PARTITION}'")

    def _entry(self, row: Mapping[str, Any]) -> HeldEvent | None:
        """Return the event that an entry names; None where it is not held any more."""
        mailbox, event = str(row.get("mailbox", "")), str(row.get("event", ""))
        stored = self._meetings.read(mailbox, event)
        is_held = stored.meeting is not None and stored.meeting.state is MeetingState.WRITE_UNKNOWN
        if not is_held and not stored.is_unreadable:
            return None
        return HeldEvent(str(row["RowKey"])[:12], mailbox, event, stored)


def _key(mailbox: str, event: str) -> str:
    return hashed(f"{mailbox} {event}")
