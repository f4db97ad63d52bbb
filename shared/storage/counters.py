"""The `counters` table: how often each rule wrote, per window. Right across instances.

Partition: hashed rule id; row: the window, such as `hour-2026-11-22T08` or `day-2026-11-22-<mailbox>`.
"""

from datetime import UTC, datetime

from shared.errors import StateChanged
from shared.rules.policy import Limits
from shared.storage.tables import Table, hashed

COUNTERS = "counters"


class Counters:
    """Charges a rule's limits. A change that would pass a limit is refused, so no window is ever one over."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def charge(self, rule: str, mailbox: str, limits: Limits, now: datetime) -> bool:
        """Count a write of `rule` in `mailbox` at `now`; False, and nothing counted, if a limit is full."""
        charged: list[str] = []
        for window, most in _windows(mailbox, limits, now):
            if not self._add(rule, window, 1, most):
                self._give_back(rule, charged)
                return False
            charged.append(window)
        return True

    def refund(self, rule: str, mailbox: str, limits: Limits, now: datetime) -> None:
        """Take back what `charge` counted with the same arguments: nothing was written after all."""
        self._give_back(rule, [window for window, _most in _windows(mailbox, limits, now)])

    def _give_back(self, rule: str, windows: list[str]) -> None:
        for window in windows:
            self._add(rule, window, -1, None)

    def _add(self, rule: str, window: str, change: int, most: int | None) -> bool:
        while True:
            row = self._table.read(hashed(rule), window)
            count = (row.values["count"] if row else 0) + change
            if most is not None and count > most:
                return False
            try:
                self._table.write(hashed(rule), window, {"count": count}, etag=row.etag if row else None)
            except StateChanged:
                continue  # somebody was faster, so the count has moved on: this ends
            return True


def _windows(mailbox: str, limits: Limits, now: datetime) -> list[tuple[str, int]]:
    moment = now.astimezone(UTC)
    windows = [
        (f"hour-{moment:%Y-%m-%dT%H}", limits.per_hour),
        (f"day-{moment:%Y-%m-%d}-{mailbox}", limits.per_mailbox_per_day),
    ]
    return [(window, most) for window, most in windows if most is not None]
