"""The access token behind a subscription, which expires independently of the subscription.

Before it expires, Graph asks for reauthorization (`reauthorizationRequired`) and repeats that until it gets
it. After that it delivers nothing, but keeps the notifications for four hours; or, as the page about
lifecycle notifications says, what changes in that time is lost
(https://learn.microsoft.com/graph/change-notifications-lifecycle-events).
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush

from sandbox.graph.permissions import SUBSCRIBE, Permissions
from sandbox.graph.subscription import HostedSubscription
from sandbox.graph.subscriptions import HostedSubscriptions

#: The share of a token's lifetime after which Graph asks, and the time until it asks again.
_ASK_AFTER = 0.75
_ASK_AGAIN_AFTER = timedelta(minutes=15)


class Authorizations:
    """Knows which tokens have expired. Tokens never expire unless `expire_after` was called."""

    def __init__(
        self, subscriptions: HostedSubscriptions, permissions: Permissions, now: Callable[[], datetime]
    ) -> None:
        self._subscriptions = subscriptions
        self._permissions = permissions
        self._now = now
        self._life: timedelta | None = None
        self._loses_changes = False
        #: when to check a subscription, earliest first; the row orders equal times
        self._checks: list[tuple[datetime, int, HostedSubscription]] = []
        self._rows_seen = 0

    def expire_after(self, life: timedelta | None, *, loses_changes: bool = False) -> None:
        """Let tokens expire this long after the last authorization, for all subscriptions; None: never.

        With `loses_changes`, Graph never reports what changes while a token has expired.
        """
        self._life, self._loses_changes = life, loses_changes
        self._checks, self._rows_seen = [], 0

    def allow(self, one: HostedSubscription) -> bool:
        """Return whether Graph may read the mailbox now on the app's behalf."""
        is_fresh = self._life is None or one.authorized + self._life > self._now()
        return is_fresh and self._permissions.has(SUBSCRIBE, one.mailbox)

    def loses(self, one: HostedSubscription) -> bool:
        """Return whether a change now is lost for this subscription."""
        return self._loses_changes and not self.allow(one)

    def due(self) -> Iterator[HostedSubscription]:
        """Yield the subscriptions that need a request for reauthorization now."""
        if self._life is None:
            return
        for row, one in self._subscriptions.active(self._rows_seen):
            heappush(self._checks, (one.authorized + self._life * _ASK_AFTER, row, one))
            self._rows_seen = row + 1
        now = self._now()
        while self._checks and self._checks[0][0] <= now:
            _, row, one = heappop(self._checks)
            if not self._subscriptions.is_active(one):
                continue
            asks_from = one.authorized + self._life * _ASK_AFTER
            if asks_from <= now:
                yield one
            heappush(self._checks, (max(asks_from, now + _ASK_AGAIN_AFTER), row, one))
