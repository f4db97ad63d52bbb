"""The `meetings` table: what Joinlink did to an event, or saw of it.

Partition: mailbox; row: hashed event id.
"""

from collections.abc import Collection
from dataclasses import dataclass

from shared.domain.meeting import Meeting, MeetingState
from shared.storage.tables import Table, hashed

MEETINGS = "meetings"


@dataclass(frozen=True, slots=True)
class Stored:
    """A meeting as it lies in the table; `etag` is None where there is no row yet."""

    meeting: Meeting | None = None
    etag: str | None = None


class Meetings:
    """Reads and writes meetings; `event` is always the immutable id."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, mailbox: str, event: str) -> Stored:
        """Return what we know of an event."""
        row = self._table.read(mailbox, hashed(event))
        if row is None:
            return Stored()
        values = row.values
        meeting = Meeting(
            state=MeetingState(values["state"]),
            at=values["at"],
            attempts=values["attempts"],
            provider=values["provider"],
            rule=values["rule"],
            policy_hash=values["policy_hash"],
            etag=values["etag"],
        )
        return Stored(meeting, row.etag)

    def among(self, mailbox: str, states: Collection[MeetingState]) -> frozenset[str]:
        """Return the `key` of each event in a mailbox whose row is in one of these states."""
        wanted = " or ".join(f"state eq '{state.value}'" for state in sorted(states))
        rows = self._table.rows(f"PartitionKey eq '{mailbox}' and ({wanted})")
        return frozenset(str(row["RowKey"]) for row in rows)

    def key(self, event: str) -> str:
        """Return what an event is known by in the table."""
        return hashed(event)

    def write(self, mailbox: str, event: str, meeting: Meeting, *, after: Stored) -> Stored:
        """Replace what was read as `after`.

        Raises:
            StateChanged: the row was written by somebody else since.
        """
        values = {
            "state": meeting.state.value,
            "at": meeting.at,
            "attempts": meeting.attempts,
            "provider": meeting.provider,
            "rule": meeting.rule,
            "policy_hash": meeting.policy_hash,
            "etag": meeting.etag,
        }
        return Stored(meeting, self._table.write(mailbox, hashed(event), values, etag=after.etag))

    def forget(self, mailbox: str, event: str, *, after: Stored) -> None:
        """Remove the row that was read as `after`, as if nothing had been done.

        Raises:
            StateChanged: the row was written by somebody else since.
        """
        assert after.etag is not None
        self._table.delete(mailbox, hashed(event), etag=after.etag)
