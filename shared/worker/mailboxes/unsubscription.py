"""Plans the end of every subscription, after an admin stopped Joinlink. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from shared.domain.messages import TaskKind, TaskReason
from shared.storage.mailboxes import Mailbox
from shared.worker.mailboxes.plans import MailboxPlan, has_task

_UNSUBSCRIBE = MailboxPlan(task=TaskKind.UNSUBSCRIBE, reason=TaskReason.LEFT_SCOPE)


def unsubscribe_plans(
    rows: Iterable[Mailbox], now: datetime, *, despite_tasks: bool = False
) -> Iterator[tuple[str, MailboxPlan]]:
    """Yield the plan of each mailbox that has a subscription and no task yet, or `despite_tasks`."""
    for row in rows:
        if may_be_unsubscribed(row) and (despite_tasks or not has_task(row, now)):
            yield row.id, _UNSUBSCRIBE


def may_be_unsubscribed(row: Mailbox) -> bool:
    """Return whether the mailbox has a subscription, and a row that Joinlink may touch."""
    return row.is_subscribed and not row.unclear


def may_be_subscribing(row: Mailbox, now: datetime) -> bool:
    """Return whether a task may be creating a subscription that the row does not name yet."""
    return bool(row.making_endpoint) and row.making_until is not None and now < row.making_until
