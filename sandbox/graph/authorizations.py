"""The access token behind a subscription, which wears out apart from the subscription's own life.

Graph asks for a new proof before it does (`reauthorizationRequired`), again and again until it gets one;
afterwards it delivers nothing, though it keeps what there is to deliver for four hours
(https://learn.microsoft.com/graph/change-notifications-lifecycle-events).
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush

from sandbox.graph.permissions import SUBSCRIBE, Permissions
from sandbox.graph.subscription import HostedSubscription
from sandbox.graph.subscriptions import HostedSubscriptions

#: The share of a token's life after which Graph begins to ask, and how long it waits before it asks again.
_ASKS_AFTER = 0.75
_ASKS_AGAIN_AFTER = timedelta(minutes=15)


class Authorizations:
    """Knows whose token wears out. Tokens last for ever until `expire_after` says how long."""

    def __init__(
        self, subscriptions: HostedSubscriptions, permissions: Permissions, now: Callable[[], datetime]
    ) -> None:
        self._subscriptions = subscriptions
        self._permissions = permissions
        self._now = now
        self._life: timedelta | None = None
        #: when to look at a subscription, soonest first; the row keeps equal times apart
        self._looks: list[tuple[datetime, int, HostedSubscription]] = []
        self._rows_seen = 0

    def expire_after(self, life: timedelta | None) -> None:
        """Let tokens last this long from the last proof, for all subscriptions; None: for ever."""
        self._life = life
        self._looks, self._rows_seen = [], 0

    def holds(self, one: HostedSubscription) -> bool:
        """Tell whether Graph may look into the mailbox now on the app's behalf."""
        is_fresh = self._life is None or one.authorized + self._life > self._now()
        return is_fresh and self._permissions.hold(SUBSCRIBE, one.mailbox)

    def due(self) -> Iterator[HostedSubscription]:
        """Yield the subscriptions for which a new proof is to be asked now."""
        if self._life is None:
            return
        for row, one in self._subscriptions.active(self._rows_seen):
            heappush(self._looks, (one.authorized + self._life * _ASKS_AFTER, row, one))
            self._rows_seen = row + 1
        now = self._now()
        while self._looks and self._looks[0][0] <= now:
            _, row, one = heappop(self._looks)
            if not self._subscriptions.lives(one):
                continue
            asks_from = one.authorized + self._life * _ASKS_AFTER
            if asks_from <= now:
                yield one
            heappush(self._looks, (max(asks_from, now + _ASKS_AGAIN_AFTER), row, one))
