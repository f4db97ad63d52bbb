"""Judges the limits of a run: no window has more writes than its limit, and a limit refuses no more."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox.machine.record import Charged, DeliveryRecord, MeetingRecord, RuleHistory, TenantRules
from sandbox.promises import RULES_LAST, is_limit_kept


class ChargeLedger:
    """What was charged against limits.

    Attributes:
        charged: every PATCH.
        left: when a kill, or a call to storage that failed, may have left a charge without a write.
    """

    def __init__(self, rules: RuleHistory) -> None:
        self.charged: list[Charged] = []
        self.left: list[datetime] = []
        self._rules = rules

    def is_used_up(self, event: MeetingRecord, rules: list[TenantRules], delivery: DeliveryRecord) -> bool:
        """Return whether a limit may be reached: by attempts of its window, kills and faults.

        A write that Graph refused for its version is rolled back before the event is read again, so its
        charge must not refuse another write.
        """
        # The other worker may have charged right now.
        other = int(delivery.has_overlapped)
        begin = delivery.began - timedelta(hours=1, minutes=1)
        charged = [each for each in self.charged if each.may_count]
        hour = other + sum(at >= begin for at in [*self.left, *(each.sent for each in charged)])
        day = other + len(self.left) + sum(each.mailbox == event.owner for each in charged)
        return any(
            (each.per_hour is not None and hour >= each.per_hour)
            or (each.per_mailbox_per_day is not None and day >= each.per_mailbox_per_day)
            for each in rules
        )

    def exceeded(self) -> Iterator[str]:
        """Yield a text for each window with too many writes.

        A write that began in another window counts in none.
        """
        hours: Counter[datetime] = Counter()
        days: Counter[tuple[datetime, int]] = Counter()
        for each in filter(lambda one: one.is_successful, self.charged):
            if (hour := _hour(each.delivery.own_began)) == _hour(each.sent):
                hours[hour] += 1
            if (day := _day(each.delivery.own_began)) == _day(each.sent):
                days[day, each.mailbox] += 1
        for begin, writes in hours.items():
            yield from self._check("per_hour", begin, timedelta(hours=1), writes)
        for (begin, _), writes in days.items():
            yield from self._check("per_mailbox_per_day", begin, timedelta(days=1), writes)

    def _check(self, name: str, begin: datetime, length: timedelta, writes: int) -> Iterator[str]:
        # Rules without a limit, or with a higher one, may have applied in the same window.
        margin = RULES_LAST + timedelta(minutes=1)
        limits = [getattr(each, name) for each in self._rules.between(begin - margin, begin + length)]
        if None not in limits and not is_limit_kept(max(limits), writes):
            yield f"{name} {limits} {begin}: {writes} writes"


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _day(moment: datetime) -> datetime:
    return _hour(moment).replace(hour=0)
