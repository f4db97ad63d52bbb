"""Counts in the `counters` table how often each rule wrote, per time window, across all instances.

Partition: hashed rule id; row: the window, such as `hour-2026-11-22T08` or `day-2026-11-22-<mailbox>`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from shared.errors import StorageUnavailable
from shared.joined_calls import JoinedCalls
from shared.rules.policy import RuleLimits
from shared.storage.counter_rows import CounterRows, CounterValue
from shared.storage.tables import Table

COUNTERS = "counters"
#: A try fails only if another process changed the counter, so a busy counter still makes progress.
_TRIES = 50
#: A transaction has at most 100 rows; a charge changes two.
_MOST_JOINED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One write of a rule at the time `at`; it counts in each limited window."""

    rule: str
    mailbox: str
    limits: RuleLimits
    at: datetime

    @property
    def windows(self) -> list[tuple[str, int]]:
        """The windows that count it, each with its limit."""
        # The mailbox's own row first: a mailbox over its limit then needs no write to the shared row.
        limits = (self.limits.per_mailbox_per_day, self.limits.per_hour)
        named = zip(_windows(self.mailbox, self.at), limits, strict=True)
        return [(window, limit) for window, limit in named if limit is not None]


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A window whose limit is reached; `is_first` for the first refusal in that window.

    `is_unreadable`: the counter is damaged, so the limit counts as reached. The next window starts at zero.
    """

    window: str
    limit: int
    is_first: bool
    is_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class _Change:
    """A charge (`by` 1), a refund (-1) or only a refusal (0) in windows, each with the limit that applies."""

    windows: tuple[tuple[str, int | None], ...]
    by: int


class Counters:
    """Counts writes. It refuses a write that would exceed a limit, so no window ever exceeds its limit.

    Charges and refunds of a rule that come from several threads at the same time are written together.
    """

    def __init__(self, table: Table) -> None:
        self._rows = CounterRows(table)
        self._joined: dict[str, JoinedCalls[_Change, LimitReached | None]] = {}

    def charge(self, charge: Charge) -> LimitReached | None:
        """Count a write in all its windows; if a limit is reached, count nothing and return that limit."""
        return self._change(charge.rule, _Change(tuple(charge.windows), 1))

    def limit_reached(self, charge: Charge) -> LimitReached | None:
        """Return the limit that would refuse this write now; count nothing.

        A limit that is reached was read now. One that is not may have been read earlier.
        """
        for window, limit in charge.windows:
            if not _is_full(self._rows.remembered(charge.rule, window), limit):
                continue
            if reached := self._change(charge.rule, _Change(((window, limit),), 0)):
                return reached
        return None

    def left(self, charge: Charge) -> int | None:
        """Return how many more such writes the limits allow now; None for any number.

        A counter that can't be read allows none.
        """
        left = []
        for window, limit in charge.windows:
            count = self._rows.read(charge.rule, window).value
            left.append(max(0, limit - count) if count is not None else 0)
        return min(left, default=None)

    def refund(self, rule: str, windows: Iterable[str]) -> None:
        """Subtract a write from these windows: it did not happen after all."""
        self._change(rule, _Change(tuple((window, None) for window in windows), -1))

    def _change(self, rule: str, change: _Change) -> LimitReached | None:
        if not change.windows:
            return None
        for window, _limit in change.windows:
            # Each thread reads its own rows, so that the joined call rarely needs to.
            self._rows.remembered(rule, window)
        joined = self._joined.get(rule) or self._joined.setdefault(
            rule, JoinedCalls(partial(self._write, rule), most=_MOST_JOINED, out_of_time=_out_of_time)
        )
        return joined.do(change)

    def _write(self, rule: str, changes: Sequence[_Change]) -> list[LimitReached | None]:
        for _ in range(_TRIES):
            batch = _Batch(self._rows, rule)
            answers = [batch.add(change) for change in changes]
            if not batch.counts or self._rows.write(rule, batch.counts):
                return answers
        raise StorageUnavailable(f"the counter of a rule is too busy: {_TRIES} tries failed")


class _Batch:
    """Changes of one rule, applied one after the other. `counts` are the counts to write for them."""

    def __init__(self, rows: CounterRows, rule: str) -> None:
        self.counts: dict[str, CounterValue] = {}
        self._read: dict[str, CounterValue] = {}
        self._rows = rows
        self._rule = rule

    def add(self, change: _Change) -> LimitReached | None:
        """Apply a change unless a limit refuses it; return that limit."""
        changed: dict[str, CounterValue] = {}
        for window, limit in change.windows:
            count = self._count(window, limit)
            if limit is not None and _is_full(count, limit):
                return self._refuse(window, limit, count)
            if change.by and count.value is not None:
                # A refund makes room again: the next refusal counts as a first one.
                was_refused = count.was_refused and change.by > 0
                changed[window] = CounterValue(max(0, count.value + change.by), was_refused, count.etag)
        self.counts |= changed
        return None

    def _count(self, window: str, limit: int | None) -> CounterValue:
        if window in self.counts:
            return self.counts[window]
        count = self._read.get(window) or self._rows.remembered(self._rule, window)
        if _is_full(count, limit) and window not in self._read:
            # Another process may have refunded writes since: only a count that was read now refuses a write.
            count = self._read[window] = self._rows.read(self._rule, window)
        return count

    def _refuse(self, window: str, limit: int, count: CounterValue) -> LimitReached:
        if count.value is None:
            return LimitReached(window, limit, is_first=False, is_unreadable=True)
        if not count.was_refused:
            self.counts[window] = replace(count, was_refused=True)
        return LimitReached(window, limit, is_first=not count.was_refused)


def _is_full(count: CounterValue, limit: int | None) -> bool:
    """Return whether a limit refuses one more write; a count that can't be read does."""
    return limit is not None and (count.value is None or count.value >= limit)


def _out_of_time() -> StorageUnavailable:
    return StorageUnavailable("the counter of a rule did not change in time")


def _windows(mailbox: str, moment: datetime) -> tuple[str, str]:
    utc = moment.astimezone(UTC)
    return f"day-{utc:%Y-%m-%d}-{mailbox}", f"hour-{utc:%Y-%m-%dT%H}"
