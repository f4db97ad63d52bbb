"""The `counters` table: how often each rule wrote, per window. Right across instances.

Partition: hashed rule id; row: the window, such as `hour-2026-11-22T08` or `day-2026-11-22-<mailbox>`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.errors import StateChanged, StorageUnavailable
from shared.rules.policy import RuleLimits
from shared.storage.tables import VERSION, Row, Table, hashed

COUNTERS = "counters"
#: each try that fails is one that somebody else won, so a busy counter moves on
_TRIES = 50
#: a number that no rule reaches in a window
_MOST = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a write costs its rule: one in each limited window that `at` falls into."""

    rule: str
    mailbox: str
    limits: RuleLimits
    at: datetime

    @property
    def windows(self) -> list[tuple[str, int]]:
        """The windows that count it, each with how many it takes."""
        # The mailbox's own row first: a mailbox that is over its day leaves the row that all share alone.
        limits = (self.limits.per_mailbox_per_day, self.limits.per_hour)
        named = zip(_windows(self.mailbox, self.at), limits, strict=True)
        return [(window, most) for window, most in named if most is not None]


@dataclass(frozen=True, slots=True)
class Full:
    """A limit that is reached: its window, how many it takes, whether this is its first refusal.

    `is_unreadable`: nobody knows how often the rule wrote in this window, so it counts as full; the next
    window begins at zero.
    """

    window: str
    most: int
    first: bool
    is_unreadable: bool = False


class Counters:
    """Charges a rule's limits. A change that would pass a limit is refused, so no window is ever one over."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def charge(self, charge: Charge) -> Full | None:
        """Count a write; if a limit is full, count nothing and return it."""
        charged: list[str] = []
        for window, most in charge.windows:
            try:
                full = self._add(charge.rule, window, 1, most)
            except StorageUnavailable:
                self.refund(charge.rule, charged)
                raise
            if full:
                self.refund(charge.rule, charged)
                return full
            charged.append(window)
        return None

    def refund(self, rule: str, windows: Iterable[str]) -> None:
        """Take back what was counted in these windows: nothing was written after all."""
        for window in windows:
            self._add(rule, window, -1, None)

    def _add(self, rule: str, window: str, change: int, most: int | None) -> Full | None:
        for _ in range(_TRIES):
            row = self._table.read(hashed(rule), window)
            count, refused = _counted(row)
            if count is None:
                return Full(window, most, first=False, is_unreadable=True) if most is not None else None
            full = most is not None and count + change > most
            if full and refused:
                return Full(window, most or 0, first=False)
            # What is given back makes room: the next refusal is news again.
            said = full or (refused and change > 0)
            values: dict[str, object] = {
                "v": VERSION,
                "count": count if full else max(0, count + change),
                "refused": said,
            }
            if self._wrote(rule, window, values, row):
                return Full(window, most or 0, first=True) if full else None
        raise StorageUnavailable(f"the counter of a rule was too busy: {_TRIES} tries in vain")

    def _wrote(self, rule: str, window: str, values: dict[str, object], row: Row | None) -> bool:
        try:
            self._table.write(hashed(rule), window, values, etag=row.etag if row else None)
        except StateChanged:
            return False  # somebody was faster, so the count has moved on: trying again ends
        return True


def _counted(row: Row | None) -> tuple[int | None, bool]:
    """Return what a counter says and whether its limit was refused; None for one that can't be read."""
    if row is None:
        return 0, False
    count = row.values.get("count")
    is_sound = row.is_ours and isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MOST
    return (count if is_sound else None), bool(row.values.get("refused"))


def _windows(mailbox: str, moment: datetime) -> tuple[str, str]:
    utc = moment.astimezone(UTC)
    return f"day-{utc:%Y-%m-%d}-{mailbox}", f"hour-{utc:%Y-%m-%dT%H}"
