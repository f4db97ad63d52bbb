"""After a roll-back, the rows about writes and limits that this code left neither stop writes nor double a limit.

The code of release 0.2.0 can't run here, so `EarlierCounters` counts as it did: each window by itself, with
the columns that it knows. Both may run at the same time while instances are replaced.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.simulate.table import MemoryTable
from shared.domain.meeting import Answer, Meeting, MeetingState
from shared.rules.policy import RuleLimits
from shared.storage.counters import COUNTERS, Charge, Counters
from shared.storage.meetings import MEETINGS, Meetings, StoredMeeting
from shared.storage.tables import Table, hashed

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULE, ADA, BO = "external", "ada", "bo"
LIMITS = RuleLimits(per_hour=5, per_mailbox_per_day=3)
#: the columns of release 0.2.0, and their types
COUNTER_COLUMNS = {"PartitionKey": str, "RowKey": str, "v": int, "count": int, "refused": bool}
MEETING_COLUMNS = {
    **dict.fromkeys(("PartitionKey", "RowKey", "state", "answer", "charged", "event", "provider"), str),
    **dict.fromkeys(("rule", "policy_hash", "etag", "lease", "before", "detail"), str),
    **dict.fromkeys(("v", "attempts", "doubts"), int),
    **dict.fromkeys(("at", "ends"), datetime),
}


class EarlierCounters:
    """Counts as release 0.2.0 did: it reads and writes one window after the other."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def charge(self, mailbox: str, at: datetime) -> bool:
        """Count a write in both windows; return whether both had room."""
        windows = (
            (f"day-{at:%Y-%m-%d}-{mailbox}", LIMITS.per_mailbox_per_day),
            (f"hour-{at:%Y-%m-%dT%H}", LIMITS.per_hour),
        )
        charged: list[str] = []
        for window, limit in windows:
            assert limit is not None
            if not self._add(window, 1, limit):
                for each in charged:
                    self._add(each, -1, None)
                return False
            charged.append(window)
        return True

    def _add(self, window: str, change: int, limit: int | None) -> bool:
        row = self._table.read(hashed(RULE), window)
        values: dict[str, Any] = dict(row.values) if row else {}
        assert values.get("v", 1) == 1, "a later version: the limit would count as reached"
        count = values.get("count", 0)
        assert type(count) is int
        if limit is not None and count + change > limit:
            return False
        written = {"v": 1, "count": max(0, count + change), "refused": False}
        self._table.write(hashed(RULE), window, written, etag=row.etag if row else None)
        return True


@pytest.fixture
def table() -> Table:
    """Return the table of counters."""
    return MemoryTable(COUNTERS, lambda: NOON).connect()


def charge(counters: Counters, mailbox: str, at: datetime = NOON) -> bool:
    """Count a write as this code does."""
    return counters.charge(Charge(rule=RULE, mailbox=mailbox, limits=LIMITS, at=at)) is None


def test_a_limit_holds_across_a_roll_back(table: Table) -> None:
    """The earlier code goes on where this one stopped: of five writes an hour, it has two left."""
    counters, earlier = Counters(table), EarlierCounters(table)
    before = [charge(counters, ADA) for _ in range(4)]
    after = [earlier.charge(BO, NOON) for _ in range(4)]

    assert before == [True, True, True, False]
    assert after == [True, True, False, False]
    assert not earlier.charge(ADA, NOON)


def test_the_next_hour_has_room_after_a_roll_back(table: Table) -> None:
    """The first charge of a window is a new row, whoever writes it."""
    counters, earlier = Counters(table), EarlierCounters(table)
    for mailbox in (ADA, ADA, ADA, BO, BO, BO):
        charge(counters, mailbox)
    later = NOON.replace(hour=13)

    assert earlier.charge(BO, later)
    assert not earlier.charge(ADA, later)  # its day is used up
    assert charge(counters, "cy", later)


def test_a_limit_holds_while_both_run(table: Table) -> None:
    """This code remembers rows that the earlier one changes: then it reads them again."""
    counters, earlier = Counters(table), EarlierCounters(table)
    mailboxes = (ADA, BO, "cy", "dee", "eve", "fay")
    granted = [
        charge(counters, mailbox) if number % 2 else earlier.charge(mailbox, NOON)
        for number, mailbox in enumerate(mailboxes)
    ]

    assert granted == [True] * 5 + [False]


@pytest.mark.parametrize("mailbox", [ADA, BO])
def test_the_earlier_code_reads_the_rows_of_counters(table: Table, mailbox: str) -> None:
    """Also of a window that refused a write."""
    counters = Counters(table)
    for _ in range(4):
        charge(counters, mailbox)

    found = [row for row in table.rows() if row["PartitionKey"] == hashed(RULE)]
    assert {row["RowKey"]: row["count"] for row in found} == {
        f"day-2026-11-23-{mailbox}": 3,
        "hour-2026-11-23T12": 3,
    }
    for row in found:
        assert {name: type(value) for name, value in row.items()} == COUNTER_COLUMNS


@pytest.mark.parametrize("state", MeetingState)
def test_the_earlier_code_reads_the_rows_of_events(state: MeetingState) -> None:
    """Its columns have their types. This code reads the rows of the earlier one, which may lack some."""
    table = MemoryTable(MEETINGS, lambda: NOON).connect()
    table.create()
    meetings = Meetings(table)
    meeting = Meeting(
        state=state, at=NOON, event="event", lease="lease", charged=("hour-1",), answer=Answer(""), ends=NOON
    )
    stored = meetings.write(ADA, "event", meeting, after=StoredMeeting())
    [values] = list(table.rows())

    assert {name: type(value) for name, value in values.items()} == MEETING_COLUMNS
    missing = {"PartitionKey", "RowKey", "ends", "doubts"}
    without = {name: value for name, value in values.items() if name not in missing}
    table.write(ADA, hashed("event"), without, etag=stored.etag)
    assert meetings.read(ADA, "event").meeting == Meeting(
        state=state, at=NOON, event="event", lease="lease", charged=("hour-1",), answer=Answer(""), ends=None
    )
