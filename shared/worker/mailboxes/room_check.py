"""Checks whether a mailbox belongs to a room or a device: these organize no meetings and are not watched.

The check is optional: if Graph does not answer, the mailbox is watched, and Graph is asked again at the next
renewal.
"""

from datetime import timedelta

from shared.deadline import deadline
from shared.domain.messages import MailboxTask
from shared.errors import Forbidden, GraphError, GraphPaused, MailboxUnusable, OutOfTime
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.common.mailbox_refusals import is_certain
from shared.worker.common.world import World

#: Graph's values of `userPurpose` for rooms and devices
_ROOM_PURPOSES = frozenset({"room", "equipment"})
#: A slow answer must not delay the subscription for long.
_TIME_LIMIT = timedelta(seconds=10)


class RoomCheck:
    """Asks Graph for the purpose of mailboxes."""

    def __init__(self, *, world: World, mailboxes: Mailboxes) -> None:
        self._world = world
        self._mailboxes = mailboxes

    def is_room(self, task: MailboxTask, row: Mailbox, graph: Graph) -> bool:
        """Return whether a mailbox belongs to a room or a device. If Graph does not answer, the row decides.

        Raises:
            MailboxUnusable: according to Graph there is no mailbox at all.
        """
        try:
            with deadline(_TIME_LIMIT):
                purpose = graph.mailbox_purpose(row.id)
        except (GraphError, OutOfTime) as error:
            if isinstance(error, MailboxUnusable) and is_certain(error):
                raise
            self._log_once(task, row, error)
            return row.purpose in _ROOM_PURPOSES
        if purpose != row.purpose:
            self._mailboxes.update(row.id, purpose=purpose, purpose_missed=None)
        return purpose in _ROOM_PURPOSES

    def _log_once(self, task: MailboxTask, row: Mailbox, error: GraphError | OutOfTime) -> None:
        """Log an unknown purpose once for a mailbox; `joinlink doctor` shows missing permissions."""
        if row.purpose_missed or isinstance(error, Forbidden | GraphPaused):
            return
        self._mailboxes.update(row.id, purpose_missed=self._world.now())
        logger().warning("mailbox.purpose_unknown", mailbox=task.mailbox, trace=task.trace, detail=str(error))
