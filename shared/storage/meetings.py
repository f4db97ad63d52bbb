"""The `meetings` table: what Joinlink did to an event, or saw of it.

Partition: mailbox; row: hashed event id. What is in it is never cached, and no row is ever dropped to make
room: it is what keeps a link that a person removed from being added again. So the table does not create
itself either (`shared.storage.memory`).
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain.meeting import Answer, Meeting, MeetingState
from shared.errors import StorageUnavailable, TableMissing
from shared.storage.tables import VERSION, Table, hashed

MEETINGS = "meetings"
_TEXTS = ("event", "provider", "rule", "policy_hash", "etag", "lease", "before", "detail")
_COUNTS = ("attempts", "doubts")


@dataclass(frozen=True, slots=True)
class Stored:
    """A meeting as the table has it; `etag` is None where there is no row yet.

    `age` is how long before it was read the row was written, by the table service's time. `is_unreadable`:
    a later version of Joinlink wrote it, or it is damaged; then the event is left alone.
    """

    meeting: Meeting | None = None
    etag: str | None = None
    age: timedelta = timedelta(0)
    is_unreadable: bool = False


class Meetings:
    """Reads and writes meetings; `event` is always the immutable id.

    Every method raises `StorageUnavailable` where the table service fails.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, mailbox: str, event: str) -> Stored:
        """Return what we know of an event."""
        row = self._table.read(mailbox, hashed(event))
        if row is None:
            return Stored()
        try:
            meeting = _meeting(row.values) if row.is_ours else None
        except (KeyError, TypeError, ValueError):
            meeting = None
        return Stored(meeting, row.etag, row.age, is_unreadable=meeting is None)

    def among(self, mailbox: str, states: Collection[MeetingState]) -> frozenset[str]:
        """Return the `key` of each event in a mailbox whose row is in one of these states."""
        wanted = " or ".join(f"state eq '{state.value}'" for state in sorted(states))
        rows = self._table.rows(f"PartitionKey eq '{mailbox}' and ({wanted})")
        return frozenset(str(row["RowKey"]) for row in rows)

    def key(self, event: str) -> str:
        """Return what an event is known by in the table."""
        return hashed(event)

    def write(self, mailbox: str, event: str, meeting: Meeting, *, after: Stored) -> Stored:
        """Replace what was read as `after`; look for a write whose answer was lost, else send it once more.

        Raises:
            StateChanged: the row was written by somebody else since.
        """
        meeting = replace(meeting, event=event)
        try:
            return self._write(mailbox, meeting, after)
        except TableMissing:
            raise
        except StorageUnavailable:
            found = self.read(mailbox, event)
            return found if found.meeting == meeting else self._write(mailbox, meeting, after)

    def _write(self, mailbox: str, meeting: Meeting, after: Stored) -> Stored:
        etag = self._table.write(mailbox, hashed(meeting.event), _values(meeting), etag=after.etag)
        return Stored(meeting, etag)

    def forget(self, mailbox: str, event: str, *, after: Stored) -> None:
        """Remove the row that was read as `after`, as if nothing had been done.

        Raises:
            StateChanged: the row was written by somebody else since.
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
        # An empty text is a moment that there is not: a merge would pass null over.
        "ends": meeting.ends or "",
    }


def _meeting(values: Mapping[str, Any]) -> Meeting:
    """Read a row's columns. Raises KeyError, TypeError or ValueError for what no version of ours wrote."""
    charged = json.loads(_typed(values.get("charged", "[]"), str))
    if not isinstance(charged, list):
        raise TypeError("charged is no list")
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
