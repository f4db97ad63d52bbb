"""The `counters` table: how often each rule wrote, per window. Right across instances.

Partition: hashed rule id; row: the window, such as `hour-2026-11-22T08` or `day-2026-11-22-<mailbox>`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.errors import StateChanged, StorageUnavailable
from shared.rules.policy import Limits
from shared.storage.tables import Row, Table, hashed

COUNTERS = "counters"
#: each try that fails is one that somebody else won, so a busy counter moves on
_TRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a write costs its rule: one in each limited window that `at` falls into.

    `paid_at` is when an earlier try at the same write was charged, whose end is not known: what it paid for
    is not paid for again.
    """

    rule: str
    mailbox: str
    limits: Limits
    at: datetime
    paid_at: datetime | None = None

    @property
    def windows(self) -> list[tuple[str, int]]:
        """The windows that count it, each with how many it takes."""
        # The mailbox's own row first: a mailbox that is over its day leaves the row that all share alone.
        limits = (self.limits.per_mailbox_per_day, self.limits.per_hour)
        paid = _windows(self.mailbox, self.paid_at) if self.paid_at else ()
        named = zip(_windows(self.mailbox, self.at), limits, strict=True)
        return [(window, most) for window, most in named if most is not None and window not in paid]


@dataclass(frozen=True, slots=True)
class Full:
    """A limit that is reached: its window, how many it takes, whether this is its first refusal."""

    window: str
    most: int
    first: bool


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
                self._give_back(charge.rule, charged)
                raise
            if full:
                self._give_back(charge.rule, charged)
                return full
            charged.append(window)
        return None

    def refund(self, charge: Charge) -> None:
        """Take back what was counted for a charge: nothing was written after all."""
        self._give_back(charge.rule, [window for window, _most in charge.windows])

    def _give_back(self, rule: str, windows: list[str]) -> None:
        for window in windows:
            self._add(rule, window, -1, None)

    def _add(self, rule: str, window: str, change: int, most: int | None) -> Full | None:
        for _ in range(_TRIES):
            row = self._table.read(hashed(rule), window)
            count, refused = (row.values["count"], row.values["refused"]) if row else (0, False)
            full = most is not None and count + change > most
            if full and refused:
                return Full(window, most or 0, first=False)
            # What is given back makes room: the next refusal is news again.
            said = full or (refused and change > 0)
            values = {"count": count if full else max(0, count + change), "refused": said}
            if self._wrote(rule, window, values, row):
                return Full(window, most or 0, first=True) if full else None
        raise StorageUnavailable(f"the counter of a rule was too busy: {_TRIES} tries in vain")

    def _wrote(self, rule: str, window: str, values: dict[str, object], row: Row | None) -> bool:
        try:
            self._table.write(hashed(rule), window, values, etag=row.etag if row else None)
        except StateChanged:
            return False  # somebody was faster, so the count has moved on: trying again ends
        return True


def _windows(mailbox: str, moment: datetime) -> tuple[str, str]:
    utc = moment.astimezone(UTC)
    return f"day-{utc:%Y-%m-%d}-{mailbox}", f"hour-{utc:%Y-%m-%dT%H}"
