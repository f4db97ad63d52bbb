"""Subscriptions that no row names: duplicates that Graph made in spite of its own rule, and leftovers.

Graph allows 25 calls for its list in 20 seconds, and the list of a large tenant has many pages. So each run
looks at some of them and notes where the next one goes on; a new round begins once a day.
"""

from datetime import datetime, timedelta

from shared.domain.mailbox import Subscription
from shared.errors import (
    GraphError,
    GraphUnavailable,
    OutOfTime,
    SubscriptionNotFound,
    Throttled,
    Unauthorized,
)
from shared.graph.client import Graph
from shared.graph.protocol.subscription_calls import watched_mailbox
from shared.logs import logger
from shared.storage.mailboxes import CLOCKS_DIFFER, Mailboxes, MailboxState
from shared.storage.maintenance_lease import MaintenanceLease
from shared.worker.common.world import World

_ROUND = timedelta(days=1)
_PAGES_A_RUN = 10
#: Graph's links have a few hundred characters; a column of a table holds 32,000.
_LONGEST_MARK = 8_000
_LIST = "list the subscriptions"
#: a subscription that is being made is noted by its name long before
_MAKING = timedelta(hours=1)


class Surplus:
    """Deletes what is surplus, some pages at a time."""

    def __init__(self, *, world: World, graph: Graph, mailboxes: Mailboxes, lease: MaintenanceLease) -> None:
        self._world = world
        self._graph = graph
        self._mailboxes = mailboxes
        self._lease = lease

    def delete_some(self) -> int:
        """Go on with the round, or begin one that is due; return how many subscriptions were deleted.

        Trouble with Graph ends it for this run: nothing depends on it.
        """
        noted, now = self._lease.notes(), self._world.now()
        mark, begun = str(noted.get("list_mark") or ""), noted.get("list_begun")
        if not mark:
            # One that a wrong clock began in the future counts as none.
            if isinstance(begun, datetime) and begun - CLOCKS_DIFFER <= now < begun + _ROUND:
                return 0
            self._lease.save_notes(list_begun=now)
        deleted, seen = 0, {mark}
        try:
            for _ in range(_PAGES_A_RUN):
                page, mark = self._graph.subscriptions_page(mark)
                deleted += sum(self._deleted(one, now) for one in page)
                if not mark:
                    break
                if mark in seen or len(mark) > _LONGEST_MARK:
                    raise GraphUnavailable(
                        _LIST, detail="a page link that repeats, or is too long to be kept"
                    )
                seen.add(mark)
        except (GraphError, OutOfTime) as error:
            mark = ""  # it may have run out: the next round begins at the beginning
            logger().warning("maintenance.list_refused", detail=str(error))
        self._lease.save_notes(list_mark=mark)
        return deleted

    def _deleted(self, found: Subscription, now: datetime) -> bool:
        mailbox = watched_mailbox(found.resource)
        if mailbox is None:
            return False
        row = self._mailboxes.read(mailbox)
        if row.unclear or found.id in row.subscriptions:
            return False
        # A task says so before it makes a subscription, and notes its name right after.
        is_in_work = row.making_until is not None and now < row.making_until <= now + _MAKING
        is_left_over = bool(row.subscription) or row.state is MailboxState.REMOVED
        if is_in_work or not is_left_over:
            return False
        try:
            self._graph.delete_subscription(found.id)
        except (Throttled, GraphUnavailable, Unauthorized):
            raise
        except SubscriptionNotFound:  # the list is now and then behind the truth
            return True
        except GraphError as error:  # one that Graph keeps must not keep the others
            logger().warning("maintenance.list_refused", detail=str(error))
            return False
        return True
