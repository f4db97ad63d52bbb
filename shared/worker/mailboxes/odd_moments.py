"""What repairs a mailbox's row in which another machine's wrong clock wrote moments far ahead. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.storage.mailboxes import Mailbox


def repairs(row: Mailbox, now: datetime) -> Mapping[str, datetime | None]:
    """Return the columns of odd moments with what takes their place: none, or now."""
    # Without a start, a mailbox would count as never swept, however often it is swept.
    return {name: now if name == "watched_since" else None for name in sorted(row.future_columns)}


def repaired(row: Mailbox, columns: Mapping[str, datetime | None]) -> Mailbox:
    """Return the row with its repairs."""
    named: dict[str, Any] = dict(columns)
    return replace(row, future_columns=frozenset(), **named)
