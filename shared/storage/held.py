"""Which events are held for an admin: an index in the `meetings` table, so that nobody has to search it.

The event's own row is what counts (state `write_unknown`). The index is written before it and removed after
it, so an entry may be left over, and none is missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.domain.meeting import Meeting, MeetingState
from shared.storage.meetings import Meetings, Stored
from shared.storage.tables import VERSION, Table, hashed

_PARTITION = "held"
#: health counts no further: somebody has to act long before
MOST_COUNTED = 1_000


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
        for row in self._table.rows(f"PartitionKey eq '{_PARTITION}'"):
            mailbox, event = str(row.get("mailbox", "")), str(row.get("event", ""))
            stored = self._meetings.read(mailbox, event)
            is_held = stored.meeting is not None and stored.meeting.state is MeetingState.WRITE_UNKNOWN
            if is_held or stored.is_unreadable:
                yield HeldEvent(str(row["RowKey"])[:12], mailbox, event, stored)

    def count(self) -> int:
        """Return how many are held, `MOST_COUNTED` at the most."""
        number = 0
        for _event in self.all():
            number += 1
            if number == MOST_COUNTED:
                break
        return number


def _key(mailbox: str, event: str) -> str:
    return hashed(f"{mailbox} {event}")
