"""Decides when each change of a backfill is due, so that it overloads neither inboxes, limits nor the queue.

Pure. Each mailbox mails at most twenty attendees a minute; an event with more attendees gets several minutes.
A rule gives the backfill at most half of its limits; the rest is for new meetings. All mailboxes together
get ten events a second, so that the queue stays short for live changes.
"""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from shared.rules.policy import Rule
from shared.worker.events.attendee_mails import MAILS_A_MINUTE

#: A minute, and a few seconds more: the queue rounds to seconds, and a busy mailbox delays the worker.
_MINUTE = timedelta(seconds=65)
_APART = timedelta(seconds=1)
_EVENTS_A_SECOND = 10
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
#: A queue can hide a message for seven days at most.
_DAYS = 6
#: By then the worker has sent the mails of the day before.
_AFTER_MIDNIGHT = timedelta(minutes=5)


class MailPace:
    """Limits the mails that changes in one mailbox cause; each event is later than the one before."""

    def __init__(self) -> None:
        self._last: datetime | None = None
        #: numbers of mails, each with the time until which it counts
        self._recent: list[tuple[datetime, int]] = []

    def earliest(self, not_before: datetime, mails: int) -> datetime:
        """Return when an event with this number of mails can be due."""
        at = not_before if self._last is None else max(not_before, self._last + _APART)
        weight = min(mails, MAILS_A_MINUTE)
        while weight + sum(mails for until, mails in self._recent if until > at) > MAILS_A_MINUTE:
            at = min(until for until, _mails in self._recent if until > at)
        return at

    def book(self, at: datetime, mails: int) -> None:
        """Book an event at a time that `earliest` returned."""
        self._recent = [each for each in self._recent if each[0] > at]
        if mails:
            self._recent.append((at + max(1, mails / MAILS_A_MINUTE) * _MINUTE, min(mails, MAILS_A_MINUTE)))
        self._last = at


class RunSlots:
    """The times of one run, over all mailboxes."""

    def __init__(self, start: datetime) -> None:
        self.start = start.astimezone(UTC)
        self._hours: Counter[tuple[str, datetime]] = Counter()
        self._placed = 0

    def of_mailbox(self, not_before: datetime | None = None) -> "MailboxSlots":
        """Return the times of one mailbox, after those that an earlier run has booked in it."""
        begin = self.start + timedelta(seconds=self._placed // _EVENTS_A_SECOND)
        return MailboxSlots(self, max(begin, not_before or begin))

    def has_room(self, rule: Rule, at: datetime) -> bool:
        """Return whether the rule's share of this hour has room for another event."""
        most = rule.limits.halved().per_hour
        return most is None or self._hours[rule.id, _hour(at)] < most

    def count(self, rule: Rule | None, at: datetime) -> None:
        """Count an event that is due at this time."""
        self._placed += 1
        if rule:
            self._hours[rule.id, _hour(at)] += 1


class MailboxSlots:
    """The times of one mailbox, day by day: a rule whose day is full does not delay the other rules."""

    def __init__(self, run: RunSlots, begin: datetime) -> None:
        self._run = run
        self._begin = begin
        self._midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        self._paces: defaultdict[int, MailPace] = defaultdict(MailPace)
        self._of_day: Counter[tuple[str, int]] = Counter()
        self.last = begin

    def place(self, rule: Rule | None, mails: int) -> datetime | None:
        """Return when an event of `rule` is due, None if it must wait for a later run.

        `rule` is None for an event that the worker only reads; no limit applies to it.
        """
        for day in range(_DAYS):
            at = self._within(day, rule, mails)
            if at is not None:
                self._paces[day].book(at, mails)
                self._run.count(rule, at)
                self._of_day[rule.id if rule else "", day] += 1
                self.last = max(self.last, at)
                return at
        return None

    def _within(self, day: int, rule: Rule | None, mails: int) -> datetime | None:
        most = rule.limits.halved().per_mailbox_per_day if rule else None
        if rule and most is not None and self._of_day[rule.id, day] >= most:
            return None
        pace = self._paces[day]
        end = min(self._midnight + (day + 1) * _DAY, self._run.start + _DAYS * _DAY)
        begin = max(self._begin, self._midnight + day * _DAY + _AFTER_MIDNIGHT) if day else self._begin
        at = pace.earliest(begin, mails)
        while at < end:
            if rule is None or self._run.has_room(rule, at):
                return at
            at = pace.earliest(_hour(at) + _HOUR, mails)
        return None


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
