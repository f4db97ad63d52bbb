"""Reads what Joinlink did to events, from the rows of the `meetings` table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.meeting import Meeting, MeetingState
from shared.storage.meetings import parse_meeting
from shared.storage.tables import Row, Table, hashed

#: partitions with other rows; all others are named by a mailbox
_OTHERS = frozenset({"held", "memory"})


@dataclass(frozen=True, slots=True)
class PastWrite:
    """What is remembered of an event; `meeting` is None if its row can't be read."""

    mailbox: str
    meeting: Meeting | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySearch:
    """Which events: whose state began since a time, by a rule, of a mailbox (object id), by immutable id."""

    since: datetime | None = None
    rule: str = ""
    mailbox: str = ""
    event: str = ""

    def condition(self) -> str:
        """Return the condition in OData; empty if there is none."""
        parts = [
            f"PartitionKey eq {_literal(self.mailbox)}" if self.mailbox else "",
            f"RowKey eq {_literal(hashed(self.event))}" if self.event else "",
            f"at ge datetime'{self.since:%Y-%m-%dT%H:%M:%SZ}'" if self.since else "",
            f"rule eq {_literal(self.rule)}" if self.rule else "",
            # A named event is shown whatever is remembered of it.
            "" if self.event else f"state ne '{MeetingState.SEEN_ONLINE}'",
        ]
        return " and ".join(part for part in parts if part)


class WriteHistory:
    """Searches the memory of past writes."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, search: HistorySearch) -> Iterator[PastWrite]:
        """Yield the events in no particular order, page by page. Raises StorageUnavailable.

        Without a mailbox the service reads the whole table.
        """
        for values in self._table.rows(search.condition()):
            if values["PartitionKey"] not in _OTHERS:
                yield PastWrite(str(values["PartitionKey"]), _meeting(values))


def _meeting(values: Mapping[str, Any]) -> Meeting | None:
    try:
        return parse_meeting(Row(values, etag=""))
    except (KeyError, TypeError, ValueError):
        return None


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
