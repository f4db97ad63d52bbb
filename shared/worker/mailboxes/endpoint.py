"""Our own address, as subscriptions name it: the URL that Graph posts to, and the proof that it is Graph."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.domain.mailbox import Subscription
from shared.graph.protocol.client_state import client_state

_WARM_FOR = timedelta(minutes=2)


class Endpoint:
    """One notification URL with the clientState key in force; `call` posts to it and raises nothing."""

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
        """Tells this pair of URL and key from others, and gives neither away."""
        return hmac.digest(self._key.encode(), self.url.encode(), "sha256").hex()[:16]

    def client_state(self, mailbox: str) -> str:
        """Return the clientState of a mailbox's subscription."""
        return client_state(self._key, mailbox)

    def is_in(self, subscription: Subscription) -> bool:
        """Tell whether a subscription notifies this URL of changes and of its own life."""
        return subscription.notification_url == subscription.lifecycle_url == self.url

    def warm(self) -> None:
        """Wake the app up: a cold start is longer than the ten seconds that Graph waits at the handshake."""
        now = self._now()
        if self._warm_until is None or now >= self._warm_until:
            self._warm_until = now + _WARM_FOR
            self._call(self.url)
