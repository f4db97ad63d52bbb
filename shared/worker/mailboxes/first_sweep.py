"""Paces the first sweep of a calendar, so that it overloads neither inboxes nor the limits of rules.

A calendar that Joinlink did not know before may have hundreds of meetings without a link. So each part of
its first sweep queues as many as an hour takes, and the next part begins an hour later. A mailbox gets one
event a minute, and one with more than twenty attendees takes more minutes. A rule gives half of its limits.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from shared.rules.policy import Rule
from shared.storage.counters import Charge, Counters
from shared.storage.known_calendars import PART, KnownCalendar
from shared.worker.events.attendee_mails import MAILS_A_MINUTE

#: A minute, and a few seconds more: the queue rounds to seconds, and a busy mailbox delays the worker.
_SLOT = timedelta(seconds=65)
SLOTS_OF_PART = PART // _SLOT
#: After this time a calendar counts as known: events that never get a link must not keep it new forever.
_LONGEST = timedelta(days=7)


class FirstSweepPace:
    """The slots of one part, shared by all new calendars of a mailbox; `used` were taken before.

    `left` returns how many events of a rule may be queued, None for any number.
    """

    def __init__(self, left: Callable[[Rule], int | None], used: int = 0) -> None:
        self._read_left = left
        self._left: dict[str, int | None] = {}
        self.used = used

    def place(self, rule: Rule | None, mails: int) -> timedelta | None:
        """Return how long an event of `rule` must wait on the queue; None if it has no room in this part.

        `rule` is None for an event that the worker only reads; no limit applies to it.

        Raises:
            StorageUnavailable: the counter of the rule can't be read.
        """
        if self.is_full or (rule and not self._take(rule)):
            return None
        wait = self.used * _SLOT
        self.used += max(1, -(-mails // MAILS_A_MINUTE))
        return wait

    @property
    def is_full(self) -> bool:
        """Whether this part has no room for any event."""
        return self.used >= SLOTS_OF_PART

    def _take(self, rule: Rule) -> bool:
        if rule.id not in self._left:
            self._left[rule.id] = self._read_left(rule)
        left = self._left[rule.id]
        if left:
            self._left[rule.id] = left - 1
        return left is None or left > 0


def half_of_limits(counters: Counters, mailbox: str, now: datetime) -> Callable[[Rule], int | None]:
    """Return a function that reads how many writes to a mailbox half of a rule's limits still allow."""
    return lambda rule: counters.left(
        Charge(rule=rule.id, mailbox=mailbox, limits=rule.limits.halved(), at=now)
    )


def after_begin(calendar: KnownCalendar, now: datetime) -> KnownCalendar:
    """Return a new calendar after a part has begun: the next is due in an hour, even if this breaks off."""
    return replace(calendar, due=now + PART)


def after_end(calendar: KnownCalendar, now: datetime, *, is_complete: bool) -> KnownCalendar:
    """Return a new calendar after a part; it is not new any more if the part queued all that it found."""
    is_over = is_complete or (calendar.new_since is not None and now >= calendar.new_since + _LONGEST)
    return replace(calendar, new_since=None, due=None) if is_over else calendar
