"""Moments in a mailbox's row that no right clock can have written: they lie too far ahead. Pure.

Another machine wrote them, maybe with a wrong clock. What waits for such a moment would wait for a month.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.storage.mailboxes import Mailbox

#: two clocks that are right differ by less
CLOCKS_DIFFER = timedelta(minutes=5)
#: Graph may ask to wait for six hours, which jitter lengthens; a subscription lives for less than a week.
_FURTHEST = {
    "asked_until": timedelta(hours=9),
    "making_until": timedelta(hours=1),
    "renew_at": timedelta(days=7),
    "state_since": CLOCKS_DIFFER,
    "renewed_at": CLOCKS_DIFFER,
    "watched_since": CLOCKS_DIFFER,
    "last_notification": CLOCKS_DIFFER,
    "last_sweep": CLOCKS_DIFFER,
    "absent_since": CLOCKS_DIFFER,
}


def is_odd(moment: datetime | None, now: datetime, furthest: timedelta = CLOCKS_DIFFER) -> bool:
    """Whether a moment lies further ahead than it ever can."""
    return moment is not None and moment > now + furthest


def repairs(row: Mailbox, now: datetime) -> Mapping[str, datetime | None]:
    """Return the columns of odd moments with what takes their place: none, or now."""
    odd = [name for name, furthest in _FURTHEST.items() if is_odd(getattr(row, name), now, furthest)]
    # Without a start, a mailbox would count as never swept, however often it is swept.
    return {name: now if name == "watched_since" else None for name in odd}


def repaired(row: Mailbox, columns: Mapping[str, datetime | None]) -> Mailbox:
    """Return the row with its repairs."""
    named: dict[str, Any] = dict(columns)
    return replace(row, **named)
