"""The `mailboxes` table: what we know of each watched mailbox. Spread over 256 partitions by its id."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.mailbox import NoCalendar
from shared.domain.messages import TaskReason
from shared.storage.tables import Table

MAILBOXES = "mailboxes"


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
    #: since when the scope does not hold it any more
    absent_since: datetime | None = None
    #: the id of the hold that it is in: it left the scope with too many others, and its subscription stays
    held: str = ""

    @property
    def is_outside(self) -> bool:
        """Whether it left the scope, so that nothing is written to it."""
        return self.state is MailboxState.REMOVED or bool(self.held)

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


#: columns that hold something else than a state, in the words of `Mailbox`
_TEXTS = ("why", "subscription", "endpoint", "held")
_MOMENTS = (
    "state_since",
    "expires",
    "renew_at",
    "renewed_at",
    "watched_since",
    "last_notification",
    "last_sweep",
    "asked_until",
    "making_until",
    "absent_since",
)


class Mailboxes:
    """Reads and writes mailboxes; `mailbox` is the user's object id.

    Writes set single columns, so that tasks, the worker and maintenance do not undo each other's.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def mark(self, mailbox: str, state: MailboxState, *, why: str, at: datetime) -> None:
        """Note the state of a mailbox, with Graph's code as the reason."""
        self.note(mailbox, state=state, why=why, state_since=at)

    def state(self, mailbox: str) -> MailboxState | None:
        """Return the state, None for a mailbox that was never marked."""
        return self.read(mailbox).state

    def note(self, mailbox: str, **columns: str | datetime | None) -> None:
        """Set columns, named as in `Mailbox`; None empties one."""
        assert columns.keys() <= {"state", *_TEXTS, *_MOMENTS}
        self._table.merge(mailbox[:2], mailbox, {name: _kept(value) for name, value in columns.items()})

    def read(self, mailbox: str) -> Mailbox:
        """Return what we know of a mailbox: nothing but its id, where there is no row."""
        row = self._table.read(mailbox[:2], mailbox)
        return _mailbox(mailbox, row.values if row else {})

    def all(self) -> Iterator[Mailbox]:
        """Yield every mailbox in the order of ids, read page by page."""
        return (_mailbox(str(values["RowKey"]), values) for values in self._table.rows())


def _kept(value: str | datetime | None) -> str | datetime:
    # A merge passes null over; an empty text is what empties a column of any type.
    return value.value if isinstance(value, StrEnum) else "" if value is None else value


def _mailbox(mailbox: str, values: Mapping[str, Any]) -> Mailbox:
    columns: dict[str, Any] = {name: values.get(name) or "" for name in _TEXTS}
    columns |= {name: values.get(name) or None for name in _MOMENTS}
    state = MailboxState(values["state"]) if values.get("state") else None
    return Mailbox(id=mailbox, state=state, **columns)
