"""Deletes subscriptions that no row names: duplicates that Graph created against its own rule, and leftovers.

Graph allows 25 calls for its list in 20 seconds, and the list of a large tenant has many pages. So each run
reads some pages and saves its position for the next run. A new search starts once a day.

Another deployment of the same app registration has its subscriptions in the same list. They are counted for
`joinlink doctor` and never touched. Ours are those that a row names, or that notify our host and path.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.domain.mailbox import Subscription
from shared.domain.notification_address import notification_address
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
from shared.storage.mailboxes import CLOCKS_DIFFER, Mailbox, Mailboxes
from shared.storage.maintenance_lease import MaintenanceLease
from shared.storage.other_deployments import MOST_LISTED, OtherDeployment, OtherDeployments, decode, encode
from shared.worker.common.world import World

_SEARCH_EVERY = timedelta(days=1)
_PAGES_A_RUN = 10
#: Graph's links have a few hundred characters; a column of a table takes 32,000.
_LONGEST_LINK = 8_000
_LIST = "list the subscriptions"
#: The creation of a subscription takes less time than this.
_CREATION_TIME = timedelta(hours=1)


class SurplusSubscriptions:
    """Finds and deletes surplus subscriptions, some pages in each run."""

    def __init__(
        self,
        *,
        world: World,
        graph: Graph,
        mailboxes: Mailboxes,
        lease: MaintenanceLease,
        others: OtherDeployments,
        notification_url: str,
    ) -> None:
        self._world = world
        self._graph = graph
        self._mailboxes = mailboxes
        self._lease = lease
        self._others = others
        self._own_address = notification_address(notification_url)
        #: other deployments by their address, counted since the search began
        self._found: dict[str, OtherDeployment] = {}

    def delete_some(self, *, is_due: bool = False) -> int:
        """Continue the search, or start one that is due; return how many subscriptions were deleted.

        A search is due once a day, or if the caller says so.

        An error of Graph ends the search until it is due again: no other part depends on it.
        """
        notes, now = self._lease.notes(), self._world.now()
        start, begun = str(notes.get("list_mark") or ""), notes.get("list_begun")
        if not start:
            # A start in the future comes from a wrong clock and does not count.
            was_today = isinstance(begun, datetime) and begun - CLOCKS_DIFFER <= now < begun + _SEARCH_EVERY
            if was_today and not is_due:
                return 0
            self._lease.save_notes(list_begun=now)
        self._found = (
            {one.address: one for one in decode(str(notes.get("list_others") or ""))} if start else {}
        )
        deleted, next_link, is_complete = 0, start, False
        try:
            for page, following in self._pages(start):
                deleted += sum(self._delete_if_surplus(one, now) for one in page)
                next_link = following
            is_complete = not next_link
        except (GraphError, OutOfTime) as error:
            next_link = ""  # it may have expired, so the next search starts at the first page
            logger().warning("maintenance.list_refused", detail=str(error))
        if is_complete:
            self._others.write(self._found.values())
        self._lease.save_notes(list_mark=next_link, list_others=encode(self._found.values()))
        return deleted

    def _pages(self, link: str) -> Iterator[tuple[tuple[Subscription, ...], str]]:
        """Yield the pages of this run, each with the link to the next page, empty on the last one."""
        seen = {link}
        for _ in range(_PAGES_A_RUN):
            page, link = self._graph.subscriptions_page(link)
            yield page, link
            if not link:
                return
            if link in seen or len(link) > _LONGEST_LINK:
                raise GraphUnavailable(_LIST, detail="a page link repeats, or is too long to store")
            seen.add(link)

    def _delete_if_surplus(self, found: Subscription, now: datetime) -> bool:
        mailbox = watched_mailbox(found.resource)
        if mailbox is None:
            return False
        row, address = self._mailboxes.read(mailbox), notification_address(found.notification_url)
        if address != self._own_address and found.id not in row.subscriptions:
            self._count_other(address, row)
            return False
        if not is_surplus(found, row, now):
            return False
        try:
            self._graph.delete_subscription(found.id)
        except (Throttled, GraphUnavailable, Unauthorized):
            raise
        except SubscriptionNotFound:  # the list is sometimes outdated
            return True
        except GraphError as error:  # Graph refuses to delete this one; continue with the others
            logger().warning("maintenance.list_refused", detail=str(error))
            return False
        return True

    def _count_other(self, address: str, row: Mailbox) -> None:
        if address in self._found or len(self._found) < MOST_LISTED:
            other = self._found.get(address) or OtherDeployment(address)
            self._found[address] = other.plus(is_shared=bool(row.subscription))


def is_surplus(found: Subscription, row: Mailbox, now: datetime) -> bool:
    """Return whether the mailbox does not need the subscription.

    If the row names no subscription, a task may still adopt this one, unless the mailbox must not be watched.
    """
    if row.unclear or found.id in row.subscriptions:
        return False
    # A task sets `making_until` before it creates a subscription, and writes its id right after.
    may_be_new = row.making_until is not None and now < row.making_until <= now + _CREATION_TIME
    may_be_adopted = not row.subscription and not row.is_ineligible
    return not may_be_new and not may_be_adopted
