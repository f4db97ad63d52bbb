"""Events that can't be read are reported by their ids: each once a day, not at every sweep."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256

from shared.domain.messages import MailboxTask
from shared.errors import OutOfTime, StorageUnavailable
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes

#: lines a day and mailbox; a mailbox full of odd events must not fill the log
_MOST = 50


def report_unreadable(
    task: MailboxTask, row: Mailbox, unreadable: Mapping[str, str], mailboxes: Mailboxes, now: datetime
) -> None:
    """Log each of these events (id, and why it can't be read) that was not logged today yet."""
    day = f"{now:%Y-%m-%d}"
    noted_day, *noted = row.unreadable.split()[: _MOST + 1] or [day]
    known = set(noted) if noted_day == day else set()
    fresh = {event: why for event, why in unreadable.items() if _short(event) not in known}
    said = list(fresh.items())[: _MOST - len(known)]
    for event, why in said:
        logger().warning(
            "event.unreadable", mailbox=task.mailbox, event_id=event, trace=task.trace, detail=why
        )
    if said:
        words = [day, *sorted(known | {_short(event) for event, _why in said})]
        with suppress(StorageUnavailable, OutOfTime):  # then they are reported again, which does no harm
            mailboxes.update(task.mailbox, unreadable=" ".join(words))


def _short(event: str) -> str:
    return sha256(event.encode()).hexdigest()[:12]
