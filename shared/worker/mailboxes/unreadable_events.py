"""Logs events that can't be read by their ids: each once a day, not at every sweep."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256

from shared.domain.messages import MailboxTask
from shared.errors import OutOfTime, StorageUnavailable
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes

#: log lines for one mailbox and day; a mailbox full of unreadable events must not flood the log
_MOST = 50


def log_unreadable(
    task: MailboxTask, row: Mailbox, unreadable: Mapping[str, str], mailboxes: Mailboxes, now: datetime
) -> None:
    """Log each of these events (id, and why it can't be read) that was not logged today."""
    today = f"{now:%Y-%m-%d}"
    logged_day, *logged = row.unreadable.split()[: _MOST + 1] or [today]
    known = set(logged) if logged_day == today else set()
    unlogged = [(event, why) for event, why in unreadable.items() if _short_hash(event) not in known]
    new = unlogged[: _MOST - len(known)]
    for event, why in new:
        logger().warning(
            "event.unreadable", mailbox=task.mailbox, event_id=event, trace=task.trace, detail=why
        )
    if new:
        hashes = sorted(known | {_short_hash(event) for event, _why in new})
        with suppress(StorageUnavailable, OutOfTime):  # then they are logged again, which is harmless
            mailboxes.update(task.mailbox, unreadable=" ".join([today, *hashes]))


def _short_hash(event: str) -> str:
    return sha256(event.encode()).hexdigest()[:12]
