"""The notification endpoint: the URL that Graph posts to, and the key of the clientState."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.domain.mailbox import Subscription
from shared.domain.notification_address import notification_address
from shared.graph.protocol.client_state import client_state

_WARM_FOR = timedelta(minutes=2)


class Endpoint:
    """One notification URL with the clientState key in force. `call` posts to the URL and raises nothing."""

    def __init__(
        self, url: str, key: str, *, call: Callable[[str], None], now: Callable[[], datetime]
    ) -> None:
        self.url = url
        self._key = key
        self._call = call
        self._now = now
        self._warm_until: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Identifies this pair of URL and key without revealing either."""
        return hmac.digest(self._key.encode(), self.url.encode(), "sha256").hex()[:16]

    def client_state(self, mailbox: str) -> str:
        """Return the clientState of a mailbox's subscription."""
        return client_state(self._key, mailbox)

    def is_url_of(self, subscription: Subscription) -> bool:
        """Return whether a subscription sends changes and lifecycle notifications to this URL."""
        return subscription.notification_url == subscription.lifecycle_url == self.url

    def is_address_of(self, subscription: Subscription) -> bool:
        """Return whether it notifies our host and path, whatever its key: it is this deployment's."""
        return notification_address(subscription.notification_url) == notification_address(self.url)

    def warm_up(self) -> None:
        """Start the app: a cold start takes longer than the ten seconds that Graph's handshake waits."""
        now = self._now()
        if self._warm_until is None or now >= self._warm_until:
            self._warm_until = now + _WARM_FOR
            self._call(self.url)
