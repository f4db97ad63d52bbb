"""Counts in the `counters` table how often each rule wrote, per time window, across all instances.

Partition: hashed rule id; row: the window, such as `hour-2026-11-22T08` or `day-2026-11-22-<mailbox>`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.errors import StateChanged, StorageUnavailable
from shared.rules.policy import RuleLimits
from shared.storage.tables import VERSION, Row, Table, hashed

COUNTERS = "counters"
#: A try fails only if another process changed the counter, so a busy counter still makes progress.
_TRIES = 50
#: No rule reaches this number in a window, so a larger one is damage.
_MOST = 10_000_000


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


class Counters:
    """Counts writes. It refuses a write that would exceed a limit, so no window ever exceeds its limit."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def charge(self, charge: Charge) -> LimitReached | None:
        """Count a write; if a limit is reached, count nothing and return that limit."""
        charged: list[str] = []
        for window, limit in charge.windows:
            try:
                reached = self._add(charge.rule, window, 1, limit)
            except StorageUnavailable:
                self.refund(charge.rule, charged)
                raise
            if reached:
                self.refund(charge.rule, charged)
                return reached
            charged.append(window)
        return None

    def limit_reached(self, charge: Charge) -> LimitReached | None:
        """Return the limit that would refuse this write now; count nothing."""
        reached = (
            self._add(charge.rule, window, 1, limit, is_trial=True) for window, limit in charge.windows
        )
        return next(filter(None, reached), None)

    def left(self, charge: Charge) -> int | None:
        """Return how many more such writes the limits allow now; None for any number.

        A counter that can't be read allows none.
        """
        left = []
        for window, limit in charge.windows:
            count, _was_refused = _parse(self._table.read(hashed(charge.rule), window))
            left.append(max(0, limit - count) if count is not None else 0)
        return min(left, default=None)

    def refund(self, rule: str, windows: Iterable[str]) -> None:
        """Subtract a write from these windows: it did not happen after all."""
        for window in windows:
            self._add(rule, window, -1, None)

    def _add(
        self, rule: str, window: str, change: int, limit: int | None, *, is_trial: bool = False
    ) -> LimitReached | None:
        """Change a count unless that exceeds the limit; a trial only notes a first refusal."""
        for _ in range(_TRIES):
            row = self._table.read(hashed(rule), window)
            count, was_refused = _parse(row)
            if count is None:
                return (
                    LimitReached(window, limit, is_first=False, is_unreadable=True)
                    if limit is not None
                    else None
                )
            is_full = limit is not None and count + change > limit
            if is_trial and not is_full:
                return None
            if is_full and was_refused:
                return LimitReached(window, limit or 0, is_first=False)
            values: dict[str, object] = {
                "v": VERSION,
                "count": count if is_full else max(0, count + change),
                # A refund makes room again: the next refusal counts as a first one.
                "refused": is_full or (was_refused and change > 0),
            }
            if self._write(rule, window, values, row):
                return LimitReached(window, limit or 0, is_first=True) if is_full else None
        raise StorageUnavailable(f"the counter of a rule is too busy: {_TRIES} tries failed")

    def _write(self, rule: str, window: str, values: dict[str, object], row: Row | None) -> bool:
        try:
            self._table.write(hashed(rule), window, values, etag=row.etag if row else None)
        except StateChanged:
            return False  # another process was faster
        return True


def _parse(row: Row | None) -> tuple[int | None, bool]:
    """Return a counter's value and whether it refused a write; the value is None if it can't be read."""
    if row is None:
        return 0, False
    count = row.values.get("count")
    is_valid = row.is_readable and type(count) is int and 0 <= count <= _MOST
    return (count if is_valid else None), bool(row.values.get("refused"))


def _windows(mailbox: str, moment: datetime) -> tuple[str, str]:
    utc = moment.astimezone(UTC)
    return f"day-{utc:%Y-%m-%d}-{mailbox}", f"hour-{utc:%Y-%m-%dT%H}"
