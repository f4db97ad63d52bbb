"""Stores in the `meetings` table what Joinlink did to an event, or saw of it.

Partition: mailbox; row: hashed event id. Rows are never cached: they keep Joinlink from adding a link again
that a person removed. So they are deleted only long after the event has ended (`shared.storage.old_rows`),
and a write does not create this table (`shared.storage.memory_marker`).
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain.meeting import Answer, Meeting, MeetingState
from shared.errors import StorageUnavailable, TableMissing
from shared.storage.tables import VERSION, Row, Table, hashed

MEETINGS = "meetings"
_TEXTS = ("event", "provider", "rule", "policy_hash", "etag", "lease", "before", "detail")
_COUNTS = ("attempts", "doubts")


@dataclass(frozen=True, slots=True)
class StoredMeeting:
    """A meeting as it is in the table; `etag` is None if there is no row yet.

    `age` is how long ago the row was written when it was read, by the table service's time. `is_unreadable`:
    a later version of Joinlink wrote it, or it is damaged; Joinlink does not touch such an event.
    """

    meeting: Meeting | None = None
    etag: str | None = None
    age: timedelta = timedelta(0)
    is_unreadable: bool = False


class Meetings:
    """Reads and writes meetings; `event` is always the immutable id.

    Every method raises `StorageUnavailable` if the table service fails.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, mailbox: str, event: str) -> StoredMeeting:
        """Return what we know of an event."""
        row = self._table.read(mailbox, hashed(event))
        if row is None:
            return StoredMeeting()
        try:
            meeting = parse_meeting(row)
        except (KeyError, TypeError, ValueError):
            meeting = None
        return StoredMeeting(meeting, row.etag, row.age, is_unreadable=meeting is None)

    def keys_in_states(self, mailbox: str, states: Collection[MeetingState]) -> frozenset[str]:
        """Return the `key` of each event in a mailbox whose row is in one of these states."""
        wanted = " or ".join(f"state eq '{state.value}'" for state in sorted(states))
        rows = self._table.rows(f"PartitionKey eq '{mailbox}' and ({wanted})")
        return frozenset(str(row["RowKey"]) for row in rows)

    def keys_that_ended(self, mailbox: str, now: datetime) -> frozenset[str]:
        """Return the `key` of each event in a mailbox that has ended, according to its row."""
        rows = self._table.rows(
            f"PartitionKey eq '{mailbox}' and (ends lt datetime'{now:%Y-%m-%dT%H:%M:%SZ}')"
        )
        return frozenset(str(row["RowKey"]) for row in rows)

    def states(self, mailbox: str) -> dict[str, str]:
        """Return the state of each row of a mailbox by the event's `key`; a later version may have others."""
        rows = self._table.rows(f"PartitionKey eq '{mailbox}'", columns=["RowKey", "state"])
        return {str(row["RowKey"]): str(row.get("state") or "unknown") for row in rows}

    def key(self, event: str) -> str:
        """Return the key of an event in the table."""
        return hashed(event)

    def write(self, mailbox: str, event: str, meeting: Meeting, *, after: StoredMeeting) -> StoredMeeting:
        """Replace the row that was read as `after`. If the answer is lost, check the row and retry once.

        Raises:
            StateChanged: another process wrote the row since.
        """
        meeting = replace(meeting, event=event)
        try:
            return self._write(mailbox, meeting, after)
        except TableMissing:
            raise
        except StorageUnavailable:
            found = self.read(mailbox, event)
            return found if found.meeting == meeting else self._write(mailbox, meeting, after)

    def _write(self, mailbox: str, meeting: Meeting, after: StoredMeeting) -> StoredMeeting:
        etag = self._table.write(mailbox, hashed(meeting.event), _values(meeting), etag=after.etag)
        return StoredMeeting(meeting, etag)

    def delete(self, mailbox: str, event: str, *, after: StoredMeeting) -> None:
        """Delete the row that was read as `after`, as if Joinlink had done nothing.

        Raises:
            StateChanged: another process wrote the row since.
        """
        assert after.etag is not None
        self._table.delete(mailbox, hashed(event), etag=after.etag)


def _values(meeting: Meeting) -> dict[str, Any]:
    return {
        "v": VERSION,
        **{name: getattr(meeting, name) for name in (*_TEXTS, *_COUNTS)},
        "state": meeting.state.value,
        "answer": meeting.answer.value,
        "charged": json.dumps(meeting.charged),
        "at": meeting.at,
        # An empty text means no timestamp: a merge would ignore null.
        "ends": meeting.ends or "",
    }


def parse_meeting(row: Row) -> Meeting | None:
    """Parse a row; None if a later version wrote it.

    Raises:
        KeyError, TypeError, ValueError: it has values that we never write.
    """
    return _meeting(row.values) if row.is_readable else None


def _meeting(values: Mapping[str, Any]) -> Meeting:
    charged = json.loads(_typed(values.get("charged", "[]"), str))
    if not isinstance(charged, list):
        raise TypeError("charged is not a list")
    return Meeting(
        state=MeetingState(values["state"]),
        at=_typed(values["at"], datetime),
        ends=_typed(values["ends"], datetime) if values.get("ends") else None,
        charged=tuple(_typed(window, str) for window in charged),
        answer=Answer(values.get("answer", "")),
        **{name: _typed(values.get(name, ""), str) for name in _TEXTS},
        **{name: _typed(values.get(name, 0), int) for name in _COUNTS},
    )


def _typed(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}")
    return value
