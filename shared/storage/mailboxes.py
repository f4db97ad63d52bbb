"""The `mailboxes` table: what we know of each watched mailbox. Spread over 256 partitions by its id.

The columns `subscription`, `endpoint`, `expires`, `renew_at` and `renewed_at` are about the subscription to
the mailbox's own calendar. A release that watches further calendars adds the same columns with a suffix,
such as `subscription_2`: each column is set by itself, so writers don't undo each other's, and this release
leaves them alone. Rows only gain optional columns.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain.mailbox import NoCalendar
from shared.domain.messages import TaskReason
from shared.storage.tables import Table

MAILBOXES = "mailboxes"
#: of a row, in the column `v`; it grows only where earlier releases must leave the row alone
VERSION = 1


class MailboxState(StrEnum):
    """Whether a mailbox can be served."""

    ACTIVE = "active"
    UNUSABLE = "unusable"
    FORBIDDEN = "forbidden"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One row; moments are aware UTC, None where there was none.

    `subscription` is Graph's id, empty where there is none; `endpoint` the fingerprint of the notification
    URL and the clientState key that it was made with.
    """

    id: str
    state: MailboxState | None = None
    why: str = ""
    state_since: datetime | None = None
    subscription: str = ""
    endpoint: str = ""
    expires: datetime | None = None
    #: half of its life is over then
    renew_at: datetime | None = None
    renewed_at: datetime | None = None
    #: since when it is watched without a gap
    watched_since: datetime | None = None
    last_notification: datetime | None = None
    #: the start of the last sweep that came to its end
    last_sweep: datetime | None = None
    #: a task was put on the queue, and is not to be put there again before
    asked_until: datetime | None = None
    #: a subscription is being made until then, which this row does not name yet
    making_until: datetime | None = None
    #: fingerprint of the endpoint that it is being made with; `MIXED` where that was not always the same
    making_endpoint: str = ""
    #: since when the scope does not hold it any more
    absent_since: datetime | None = None
    #: the id of the hold that it is in: it left the scope with too many others, and its subscription stays
    held: str = ""
    #: the state that one answer of Graph spoke for, and when; a second one some minutes later decides
    suspected_as: str = ""
    suspected_since: datetime | None = None
    #: what Graph says the mailbox is for, such as `user`; empty where it did not say
    purpose: str = ""
    #: when Graph could not say it for the first time
    purpose_missed: datetime | None = None
    #: events on a page, where the usual number is too heavy for the mailbox; forgotten at `page_until`
    page_size: int | None = None
    page_until: datetime | None = None
    #: a day, and the events (hashed) that were reported on it because they can't be read
    unreadable: str = ""
    #: ids of all subscriptions that the row names, those of a later release too
    subscriptions: frozenset[str] = frozenset()
    #: columns with a moment further ahead than any right clock can have written; they read as None
    odd: frozenset[str] = frozenset()
    #: why this row is to be left alone: it is from a later release, or holds what we never write
    unclear: str = ""

    @property
    def is_outside(self) -> bool:
        """Whether nothing is to be written to it: it left the scope, or its row is to be left alone."""
        return self.state is MailboxState.REMOVED or bool(self.held or self.unclear)

    @property
    def is_let_go(self) -> bool:
        """Whether it is not ours to watch: it left the scope, or the directory says that nobody is there."""
        return self.state is MailboxState.REMOVED or self.has_no_calendar

    @property
    def has_no_calendar(self) -> bool:
        """Whether it was the directory that spoke against it."""
        return self.state is MailboxState.UNUSABLE and self.why in {*NoCalendar, TaskReason.UNUSABLE}

    @property
    def needs_sweep(self) -> bool:
        """Whether it has not been swept since it is watched."""
        return self.last_sweep is None or self.watched_since is None or self.last_sweep < self.watched_since


#: in `making_endpoint`: subscriptions may have been made with several endpoints
MIXED = "mixed"
#: columns that hold something else than a state, in the words of `Mailbox`
_TEXTS = (
    "why",
    "subscription",
    "endpoint",
    "held",
    "making_endpoint",
    "suspected_as",
    "purpose",
    "unreadable",
)
_NUMBERS = ("page_size",)
#: moments, and how far ahead of our clock each may lie: what is further was written by a wrong clock
CLOCKS_DIFFER = timedelta(minutes=5)
_DAY, _LIFE = timedelta(days=1), timedelta(days=8)
_MOMENTS: Mapping[str, timedelta] = {
    "state_since": CLOCKS_DIFFER,
    "expires": _LIFE,
    "renew_at": _LIFE,
    "renewed_at": CLOCKS_DIFFER,
    "watched_since": CLOCKS_DIFFER,
    "last_notification": CLOCKS_DIFFER,
    "last_sweep": CLOCKS_DIFFER,
    "asked_until": _DAY,
    "making_until": timedelta(hours=1),
    "absent_since": CLOCKS_DIFFER,
    "suspected_since": CLOCKS_DIFFER,
    "purpose_missed": CLOCKS_DIFFER,
    "page_until": _DAY + CLOCKS_DIFFER,
}
_END = datetime(9999, 1, 1, tzinfo=UTC)
_COLUMNS = {"state", *_TEXTS, *_NUMBERS, *_MOMENTS}


class Mailboxes:
    """Reads and writes mailboxes; `mailbox` is the user's object id. Without a clock any moment is believed.

    Writes set single columns, so that tasks, the worker and maintenance do not undo each other's.
    """

    def __init__(self, table: Table, now: Callable[[], datetime] | None = None) -> None:
        self._table = table
        self._now = now or (lambda: _END)

    def mark(self, mailbox: str, state: MailboxState, *, why: str, at: datetime) -> None:
        """Note the state of a mailbox, with Graph's code as the reason."""
        self.note(mailbox, state=state, why=why, state_since=at, suspected_as=None, suspected_since=None)

    def state(self, mailbox: str) -> MailboxState | None:
        """Return the state, None for a mailbox that was never marked."""
        return self.read(mailbox).state

    def note(self, mailbox: str, **columns: str | int | datetime | None) -> None:
        """Set columns, named as in `Mailbox`; None empties one."""
        assert columns.keys() <= {"v", *_COLUMNS}
        self._table.merge(mailbox[:2], mailbox, {name: _kept(value) for name, value in columns.items()})

    def read(self, mailbox: str) -> Mailbox:
        """Return what we know of a mailbox: nothing but its id, where there is no row."""
        row = self._table.read(mailbox[:2], mailbox)
        return mailbox_from(mailbox, row.values if row else {}, self._now())

    def all(self) -> Iterator[Mailbox]:
        """Yield every mailbox in the order of ids, read page by page; one that is unclear, too."""
        now = self._now()
        return (mailbox_from(str(values["RowKey"]), values, now) for values in self._table.rows())


def mailbox_from(mailbox: str, values: Mapping[str, Any], now: datetime) -> Mailbox:
    """Read a row, whatever it holds.

    A moment that our clock does not reach is none: the machine that wrote it had a wrong clock, and what it
    holds up would wait for as long. Maintenance repairs it. Anything else that we never write makes the row
    unclear.
    """
    columns = {name: value for name in _COLUMNS if (value := values.get(name)) not in (None, "")}
    named = frozenset(
        str(value) for name, value in values.items() if name.startswith("subscription") and value
    )
    if unclear := _unclear(values.get("v", VERSION), columns):
        return Mailbox(id=mailbox, subscriptions=named, unclear=unclear)
    odd = [name for name, ahead in _MOMENTS.items() if name in columns and columns[name] > now + ahead]
    for name in odd:
        del columns[name]
    state = MailboxState(columns.pop("state")) if "state" in columns else None
    return replace(Mailbox(id=mailbox, state=state, subscriptions=named, odd=frozenset(odd)), **columns)


def _unclear(version: object, columns: Mapping[str, Any]) -> str:
    """Return why a row is to be left alone, naming no content; "" for a row of ours."""
    if version != VERSION:
        later = isinstance(version, int) and version > VERSION
        return "a later version wrote it" if later else "its version can't be read"
    if "state" in columns and columns["state"] not in set(MailboxState):
        return "column state can't be read"
    kinds = dict.fromkeys(_TEXTS, str) | dict.fromkeys(_NUMBERS, int) | dict.fromkeys(_MOMENTS, datetime)
    odd = sorted(name for name, value in columns.items() if not isinstance(value, kinds.get(name, object)))
    return f"column {odd[0]} can't be read" if odd else ""


def _kept(value: str | int | datetime | None) -> str | int | datetime:
    # A merge passes null over; an empty text is what empties a column of any type.
    return value.value if isinstance(value, StrEnum) else "" if value is None else value
