"""Reads what mailboxes are for. Rooms are not watched, and shared mailboxes only if the rules include them.

Graph may fail to answer, or lack the permission. Then the last known purpose counts, and without one an
enabled account counts as a person's. Graph is asked again at the next renewal.
"""

from dataclasses import replace
from datetime import timedelta

from shared.deadline import deadline
from shared.domain.mailbox import USERS_ONLY, kinds_from
from shared.domain.messages import MailboxTask
from shared.errors import Forbidden, GraphError, GraphPaused, MailboxUnusable, OutOfTime
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.common.mailbox_refusals import is_certain
from shared.worker.common.world import World

#: A slow answer must not delay the subscription for long.
_TIME_LIMIT = timedelta(seconds=10)
#: A purpose is read again at the first renewal after this time: leavers' mailboxes often become shared ones.
_VALID_FOR = timedelta(days=7)


class MailboxPurposes:
    """Reads purposes from Graph, and keeps them in the rows."""

    def __init__(self, *, world: World, mailboxes: Mailboxes) -> None:
        self._world = world
        self._mailboxes = mailboxes

    def is_outdated(self, row: Mailbox) -> bool:
        """Return whether the purpose is unknown, old, or was last read before the mailbox seemed to leave."""
        if not row.purpose or row.purpose_read is None:
            return True
        is_old = self._world.now() >= row.purpose_read + _VALID_FOR
        return is_old or (row.absent_since is not None and row.purpose_read < row.absent_since)

    def refreshed(self, task: MailboxTask, row: Mailbox, graph: Graph) -> Mailbox:
        """Ask Graph for the purpose; return the row with it, unchanged if Graph does not show it.

        Raises:
            MailboxUnusable: according to Graph, the user of an enabled account has no mailbox at all.
        """
        try:
            with deadline(_TIME_LIMIT):
                purpose = graph.mailbox_purpose(row.id)
        except (GraphError, OutOfTime) as error:
            if isinstance(error, MailboxUnusable) and is_certain(error):
                if kinds_from(row.kinds) >= USERS_ONLY:
                    raise
                return row  # a disabled account without a mailbox is nothing to report
            if not isinstance(error, Forbidden | GraphPaused):
                self._log_once(task, row, str(error))
            return row
        if not purpose:
            self._log_once(task, row, "Graph's answer has no known purpose")
            return row
        now = self._world.now()
        self._mailboxes.update(row.id, purpose=purpose, purpose_read=now, purpose_missed=None)
        return replace(row, purpose=purpose, purpose_read=now, purpose_missed=None)

    def _log_once(self, task: MailboxTask, row: Mailbox, detail: str) -> None:
        """Log an unknown purpose once for a mailbox; `joinlink doctor` shows missing permissions."""
        if row.purpose_missed:
            return
        self._mailboxes.update(row.id, purpose_missed=self._world.now())
        logger().warning("mailbox.purpose_unknown", mailbox=task.mailbox, trace=task.trace, detail=detail)
