"""Logs events and calendars that can't be read by their ids: each once a day, not at every sweep."""

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
    task: MailboxTask,
    row: Mailbox,
    *,
    events: Mapping[str, str],
    calendars: Mapping[str, str],
    mailboxes: Mailboxes,
    now: datetime,
) -> None:
    """Log each of these (id, and why it can't be read) that was not logged today.

    The id "" among the calendars is their list.
    """
    today = f"{now:%Y-%m-%d}"
    logged_day, *logged = row.unreadable.split()[: _MOST + 1] or [today]
    known = set(logged) if logged_day == today else set()
    named = [("calendar", *one) for one in calendars.items()] + [("event", *one) for one in events.items()]
    new = [one for one in named if _short_hash(*one) not in known][: _MOST - len(known)]
    for kind, name, why in new:
        _log(task, kind, name, why)
    if new:
        hashes = sorted(known | {_short_hash(*one) for one in new})
        with suppress(StorageUnavailable, OutOfTime):  # then they are logged again, which is harmless
            mailboxes.update(task.mailbox, unreadable=" ".join([today, *hashes]))


def _log(task: MailboxTask, kind: str, name: str, why: str) -> None:
    if kind == "event":
        logger().warning(
            "event.unreadable", mailbox=task.mailbox, event_id=name, trace=task.trace, detail=why
        )
    else:
        logger().warning(
            "calendar.unreadable",
            mailbox=task.mailbox,
            calendar=name or None,
            trace=task.trace,
            detail=why,
        )


def _short_hash(kind: str, name: str, _why: str) -> str:
    return sha256((name if kind == "event" else f"{kind} {name}").encode()).hexdigest()[:12]
