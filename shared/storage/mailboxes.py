"""Stores in the `mailboxes` table what is known of each mailbox, in 256 partitions by the start of its id.

The columns `subscription`, `endpoint`, `expires`, `renew_at` and `renewed_at` describe the subscription to
the mailbox's events; `calendars` has those to further calendars. Every write sets single columns, and a
release only adds optional ones, so an earlier release leaves those that it does not know.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain.decision import Reason
from shared.domain.mailbox import NoCalendar
from shared.domain.messages import TaskReason
from shared.storage.known_calendars import NONE_KNOWN, KnownCalendars
from shared.storage.tables import Table

MAILBOXES = "mailboxes"
#: of a row, in the column `v`; it grows only if earlier releases must not touch the row
VERSION = 1


class MailboxState(StrEnum):
    """Whether a mailbox can be served."""

    ACTIVE = "active"
    UNUSABLE = "unusable"
    FORBIDDEN = "forbidden"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One row; each field is a column of that name. Timestamps are aware UTC.

    `subscription` is Graph's id, empty if there is none. `endpoint` is the fingerprint of the notification
    URL and the clientState key that the subscription was created with.
    """

    id: str
    state: MailboxState | None = None
    why: str = ""
    state_since: datetime | None = None
    subscription: str = ""
    endpoint: str = ""
    expires: datetime | None = None
    #: when half of the subscription's life is over
    renew_at: datetime | None = None
    renewed_at: datetime | None = None
    #: minutes that a subscription lives, if Graph refused the usual length; valid until `lifetime_until`
    lifetime: int | None = None
    lifetime_until: datetime | None = None
    #: since when the mailbox is watched without a gap
    watched_since: datetime | None = None
    last_notification: datetime | None = None
    #: the start of the last sweep that finished
    last_sweep: datetime | None = None
    #: the sweep before the one that last found a missed change: since then notifications should have come
    missed_since: datetime | None = None
    #: a sweep is due then, because notifications paused; at most every six hours
    sweep_due: datetime | None = None
    #: A task is on the queue; maintenance requests none before this time.
    asked_until: datetime | None = None
    #: Until this time a task may be creating a subscription that this row does not name yet.
    making_until: datetime | None = None
    #: the endpoint's fingerprint that the task uses; `MIXED` if it was not always the same
    making_endpoint: str = ""
    #: since when it is outside the scope
    absent_since: datetime | None = None
    #: id of the hold: it left the scope together with too many others, and keeps its subscription
    held: str = ""
    #: the state that one answer of Graph suggests, and since when; a second answer some minutes later decides
    suspected_as: str = ""
    suspected_since: datetime | None = None
    #: the mailbox's purpose according to Graph, such as `user`; empty if unknown
    purpose: str = ""
    #: when Graph last returned the purpose
    purpose_read: datetime | None = None
    #: when Graph first failed to return the purpose
    purpose_missed: datetime | None = None
    #: the kinds of mailboxes of which this one must be, as `kinds_from` reads them
    kinds: str = ""
    #: events on a page, if the default is too many for this mailbox; valid until `page_until`
    page_size: int | None = None
    page_until: datetime | None = None
    #: a day, and the hashes of the unreadable events that were reported on it
    unreadable: str = ""
    #: the calendars that it owns, apart from the default one
    calendars: KnownCalendars = NONE_KNOWN
    #: when the next part of a calendar's first sweep is due
    calendars_due: datetime | None = None
    #: ids of all subscriptions that the row names, including those of a later release
    subscriptions: frozenset[str] = frozenset()
    #: columns whose timestamp is too far in the future for any correct clock; they read as None
    future_columns: frozenset[str] = frozenset()
    #: why Joinlink must not touch this row: a later release wrote it, or it has values that we never write
    unclear: str = ""

    @property
    def is_subscribed(self) -> bool:
        """Whether it, or one of its calendars, has a subscription."""
        return bool(self.subscription or self.calendars.subscriptions)

    @property
    def is_unknown(self) -> bool:
        """Whether there is no row, or an empty one."""
        return self == Mailbox(id=self.id)

    @property
    def is_read_only(self) -> bool:
        """Whether Joinlink must not write to it.

        It left the scope, is held, is of a kind that the rules do not include, or has an unclear row.
        """
        return self.state is MailboxState.REMOVED or self.is_of_other_kind or bool(self.held or self.unclear)

    @property
    def is_ineligible(self) -> bool:
        """Whether Joinlink must not watch it.

        It left the scope, is of a kind that the rules do not include, or the directory shows no calendar.
        """
        return self.state is MailboxState.REMOVED or self.is_of_other_kind or self.has_no_calendar

    @property
    def is_of_other_kind(self) -> bool:
        """Whether it is not watched because of its kind."""
        return self.state is MailboxState.UNUSABLE and self.why in {Reason.ROOM, Reason.KIND_NOT_IN_SCOPE}

    @property
    def has_no_calendar(self) -> bool:
        """Whether it is unusable according to the directory."""
        return self.state is MailboxState.UNUSABLE and self.why in {*NoCalendar, TaskReason.UNUSABLE}

    @property
    def needs_sweep(self) -> bool:
        """Whether it was not swept since it is watched."""
        return self.last_sweep is None or self.watched_since is None or self.last_sweep < self.watched_since

    @property
    def is_quiet(self) -> bool:
        """Whether a sweep found missed changes, and no notification came since the sweep before it."""
        if self.missed_since is None:
            return False
        return self.last_notification is None or self.last_notification + QUIET_MARGIN < self.missed_since

    @property
    def needs_sweep_after_pause(self) -> bool:
        """Whether it was not swept since `sweep_due`."""
        return self.sweep_due is not None and (self.last_sweep is None or self.last_sweep < self.sweep_due)


#: in `making_endpoint`: tasks used several endpoints
MIXED = "mixed"
#: the columns of each type, except `state`
_TEXTS = (
    "why",
    "subscription",
    "endpoint",
    "held",
    "making_endpoint",
    "suspected_as",
    "purpose",
    "kinds",
    "unreadable",
    "calendars",
)
_NUMBERS = ("lifetime", "page_size")
#: A notification may come while a sweep begins.
QUIET_MARGIN = timedelta(minutes=1)
#: Two clocks may differ by this much.
CLOCKS_DIFFER = timedelta(minutes=5)
_DAY, _LIFE = timedelta(days=1), timedelta(days=8)
#: timestamps, and how far each may be ahead of our clock: a wrong clock wrote what is further ahead
_TIMESTAMPS: Mapping[str, timedelta] = {
    "state_since": CLOCKS_DIFFER,
    "expires": _LIFE,
    "renew_at": _LIFE,
    "renewed_at": CLOCKS_DIFFER,
    "lifetime_until": _LIFE,
    "watched_since": CLOCKS_DIFFER,
    "last_notification": CLOCKS_DIFFER,
    "last_sweep": CLOCKS_DIFFER,
    "missed_since": CLOCKS_DIFFER,
    "sweep_due": _DAY,
    "asked_until": _DAY,
    "making_until": timedelta(hours=1),
    "absent_since": CLOCKS_DIFFER,
    "suspected_since": CLOCKS_DIFFER,
    "purpose_read": CLOCKS_DIFFER,
    "purpose_missed": CLOCKS_DIFFER,
    "page_until": _DAY + CLOCKS_DIFFER,
    "calendars_due": _DAY,
}
_COLUMNS = {"state", *_TEXTS, *_NUMBERS, *_TIMESTAMPS}


class Mailboxes:
    """Reads and writes mailboxes; `mailbox` is the user's object id.

    Writes set single columns, so that tasks, the worker and maintenance do not overwrite each other's.
    """

    def __init__(self, table: Table, now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now
        self._watchers: list[Callable[[str], object]] = []

    def call_after_updates(self, watcher: Callable[[str], object]) -> None:
        """Call `watcher` with the id of each mailbox that this process updates, or tries to."""
        self._watchers.append(watcher)

    def set_state(self, mailbox: str, state: MailboxState, *, why: str, at: datetime) -> None:
        """Set the state of a mailbox, with Graph's code as the reason."""
        self.update(mailbox, state=state, why=why, state_since=at, suspected_as=None, suspected_since=None)

    def update(self, mailbox: str, **columns: str | int | datetime | None) -> None:
        """Set columns, named as in `Mailbox`; None clears one."""
        assert columns.keys() <= {"v", *_COLUMNS}
        values = {name: _column_value(value) for name, value in columns.items()}
        try:
            self._table.merge(mailbox[:2], mailbox, values)
        finally:
            for watcher in self._watchers:
                watcher(mailbox)

    def read(self, mailbox: str) -> Mailbox:
        """Return a mailbox; only its id is set if there is no row."""
        row = self._table.read(mailbox[:2], mailbox)
        return mailbox_from(mailbox, row.values if row else {}, self._now())

    def all(self) -> Iterator[Mailbox]:
        """Yield every mailbox in the order of ids, unclear ones included; reads page by page."""
        now = self._now()
        return (mailbox_from(str(values["RowKey"]), values, now) for values in self._table.rows())


def mailbox_from(mailbox: str, values: Mapping[str, Any], now: datetime) -> Mailbox:
    """Parse a row; never fails.

    A timestamp too far in the future comes from a machine with a wrong clock, and work would wait until then.
    So it reads as None, and maintenance repairs it. Other values that we never write make the row unclear.
    """
    columns = {name: value for name in _COLUMNS if (value := values.get(name)) not in (None, "")}
    named = frozenset(
        str(value) for name, value in values.items() if name.startswith("subscription") and value
    )
    if unclear := _unclear(values.get("v", VERSION), columns):
        return Mailbox(id=mailbox, subscriptions=named, unclear=unclear)
    future = [name for name, ahead in _TIMESTAMPS.items() if name in columns and columns[name] > now + ahead]
    for name in future:
        del columns[name]
    state = MailboxState(columns.pop("state")) if "state" in columns else None
    if "calendars" in columns:
        columns["calendars"] = KnownCalendars.decode(columns["calendars"])
        named |= columns["calendars"].subscriptions
    row = Mailbox(id=mailbox, state=state, subscriptions=named, future_columns=frozenset(future))
    return replace(row, **columns)


def _unclear(version: object, columns: Mapping[str, Any]) -> str:
    """Return why Joinlink must not touch a row, without its content; "" if it is readable."""
    if version != VERSION:
        is_later = isinstance(version, int) and version > VERSION
        return "a later version wrote it" if is_later else "its version can't be read"
    if "state" in columns and columns["state"] not in set(MailboxState):
        return "column state can't be read"
    types = dict.fromkeys(_TEXTS, str) | dict.fromkeys(_NUMBERS, int) | dict.fromkeys(_TIMESTAMPS, datetime)
    wrong = sorted(name for name, value in columns.items() if not isinstance(value, types.get(name, object)))
    return f"column {wrong[0]} can't be read" if wrong else ""


def _column_value(value: str | int | datetime | None) -> str | int | datetime:
    # A merge ignores null; an empty text clears a column of any type.
    return value.value if isinstance(value, StrEnum) else "" if value is None else value
