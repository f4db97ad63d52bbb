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

    def charge(self, rule: str, mailbox: str, limits: Limits, now: datetime) -> Full | None:
        """Count a write of `rule` in `mailbox` at `now`; if a limit is full, count nothing and return it."""
        charged: list[str] = []
        for window, most in _windows(mailbox, limits, now):
            full = self._add(rule, window, 1, most)
            if full:
                self._give_back(rule, charged)
                return full
            charged.append(window)
        return None

    def refund(self, rule: str, mailbox: str, limits: Limits, now: datetime) -> None:
        """Take back what `charge` counted with the same arguments: nothing was written after all."""
        self._give_back(rule, [window for window, _most in _windows(mailbox, limits, now)])

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
            values = {"count": count if full else count + change, "refused": said}
            if self._wrote(rule, window, values, row):
                return Full(window, most or 0, first=True) if full else None
        raise StorageUnavailable(f"the counter of a rule was too busy: {_TRIES} tries in vain")

    def _wrote(self, rule: str, window: str, values: dict[str, object], row: Row | None) -> bool:
        try:
            self._table.write(hashed(rule), window, values, etag=row.etag if row else None)
        except StateChanged:
            return False  # somebody was faster, so the count has moved on: trying again ends
        return True


def _windows(mailbox: str, limits: Limits, now: datetime) -> list[tuple[str, int]]:
    moment = now.astimezone(UTC)
    # The mailbox's own row first: a mailbox that is over its day leaves the row that all share alone.
    windows = [
        (f"day-{moment:%Y-%m-%d}-{mailbox}", limits.per_mailbox_per_day),
        (f"hour-{moment:%Y-%m-%dT%H}", limits.per_hour),
    ]
    return [(window, most) for window, most in windows if most is not None]
