"""What a mailbox is for: rooms and devices organize nothing and hear of everything, so they are not watched.

Graph's answer is good to have, and no more: without it a mailbox is watched, and Graph is asked again at
the next renewal.
"""

from datetime import timedelta

from shared.deadline import deadline
from shared.domain.messages import MailboxTask
from shared.errors import Forbidden, GraphError, GraphPaused, MailboxUnusable, OutOfTime
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import Mailbox, Mailboxes
from shared.worker.common.refusals import leaves_no_doubt
from shared.worker.common.world import World

#: Graph's words for what a mailbox may be for, of which we want none
_ROOMS = frozenset({"room", "equipment"})
#: so that a mailbox is subscribed in the same minute, however slow this is
_AT_MOST = timedelta(seconds=10)


class Purposes:
    """Knows what mailboxes are for."""

    def __init__(self, *, world: World, mailboxes: Mailboxes) -> None:
        self._world = world
        self._mailboxes = mailboxes

    def is_room(self, task: MailboxTask, row: Mailbox, graph: Graph) -> bool:
        """Tell whether a mailbox is a room's or a device's; where Graph does not say, what it last said.

        Raises:
            MailboxUnusable: Graph says that there is no mailbox at all.
        """
        try:
            with deadline(_AT_MOST):
                purpose = graph.mailbox_purpose(row.id)
        except (GraphError, OutOfTime) as error:
            if isinstance(error, MailboxUnusable) and leaves_no_doubt(error):
                raise
            self._miss(task, row, error)
            return row.purpose in _ROOMS
        if purpose != row.purpose:
            self._mailboxes.update(row.id, purpose=purpose, purpose_missed=None)
        return purpose in _ROOMS

    def _miss(self, task: MailboxTask, row: Mailbox, error: GraphError | OutOfTime) -> None:
        """Say it once for a mailbox; a permission that nobody has given is named by `joinlink doctor`."""
        if row.purpose_missed or isinstance(error, Forbidden | GraphPaused):
            return
        self._mailboxes.update(row.id, purpose_missed=self._world.now())
        logger().warning("mailbox.purpose_unknown", mailbox=task.mailbox, trace=task.trace, detail=str(error))
