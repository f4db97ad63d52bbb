"""Finds and deletes the rows of each table that are not needed any more.

Only the table service's time counts, so a machine with a wrong clock deletes nothing. A row is deleted with
the ETag that was read: a row that another instance writes meanwhile stays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.meeting import UNSETTLED
from shared.errors import StateChanged
from shared.storage.backfill_runs import BACKFILLS
from shared.storage.counters import COUNTERS
from shared.storage.mailboxes import MAILBOXES, MailboxState, mailbox_from
from shared.storage.meetings import MEETINGS, parse_meeting
from shared.storage.tables import Row, Table

#: how long a row is kept: of an event after its end, of a mailbox after it left, of others after their last
#: write. The window of a counter lasts a day at most, and a write is refunded within two.
KEPT: Mapping[str, timedelta] = {
    MEETINGS: timedelta(days=90),
    MAILBOXES: timedelta(days=30),
    COUNTERS: timedelta(days=7),
    BACKFILLS: timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class OldRowPage:
    """The old rows of one page of a table, and the place where the next page begins: empty after the last."""

    rows: tuple[Row, ...]
    next_place: str


class OldRows:
    """The old rows of one table. Every method raises `StorageUnavailable`."""

    def __init__(self, name: str, table: Table) -> None:
        self._table = table
        self._kept = KEPT[name]
        self._condition, self._is_old = _RULES[name]

    def page(self, now: datetime, *, place: str, size: int) -> OldRowPage:
        """Return the old rows of one page; `now` is the table service's time."""
        before = now - self._kept
        condition = self._condition.replace("{before}", f"datetime'{before:%Y-%m-%dT%H:%M:%SZ}'")
        page = self._table.page(condition, place=place, size=size)
        return OldRowPage(tuple(row for row in page.rows if self._is_old(row, now)), page.next_place)

    def delete(self, row: Row) -> bool:
        """Delete a row; return False if another process has written or deleted it since."""
        try:
            self._table.delete(*row.key, etag=row.etag)
        except StateChanged:
            return False
        return True


def _is_old_meeting(row: Row, _now: datetime) -> bool:
    """Tell whether what was done to an event is known. The marker of the memory and the index have no end."""
    try:
        meeting = parse_meeting(row)
    except (KeyError, TypeError, ValueError):
        return False
    return meeting is not None and meeting.ends is not None and meeting.state not in UNSETTLED


def _is_old_mailbox(row: Row, now: datetime) -> bool:
    mailbox = mailbox_from(row.key[1], row.values, now)
    return not mailbox.unclear and mailbox.state is MailboxState.REMOVED and not mailbox.subscriptions


def _is_readable(row: Row, _now: datetime) -> bool:
    return row.is_readable


#: of each table: the OData condition that an old row meets, and what else must be true
_RULES: Mapping[str, tuple[str, Callable[[Row, datetime], bool]]] = {
    MEETINGS: ("ends lt {before}", _is_old_meeting),
    MAILBOXES: (f"state eq '{MailboxState.REMOVED}' and Timestamp lt {{before}}", _is_old_mailbox),
    COUNTERS: ("Timestamp lt {before}", _is_readable),
    BACKFILLS: ("Timestamp lt {before}", _is_readable),
}
