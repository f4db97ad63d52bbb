"""The leases of messages in progress: each is renewed after half of its time while its function runs."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient, QueueMessage

LEASE = timedelta(minutes=10)
LEASE_SECONDS = LEASE // timedelta(seconds=1)

log = logging.getLogger("Host.Triggers.Queue")


@dataclass(slots=True)
class _Lease:
    message: QueueMessage
    taken: datetime


class Leases:
    """The messages of one queue that are in progress; `now` returns the aware UTC time."""

    def __init__(self, client: QueueClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._lock = Lock()
        self._held: dict[str, _Lease] = {}

    @contextlib.contextmanager
    def held(self, message: QueueMessage) -> Iterator[None]:
        """Have a message's lease renewed until the block ends; its pop receipt is then the latest."""
        with self._lock:
            self._held[message.id] = _Lease(message, self._now())
        try:
            yield
        finally:
            with self._lock:
                del self._held[message.id]

    def renew(self) -> None:
        """Renew the leases that are due; a lost lease is logged and ignored."""
        with self._lock:
            now = self._now()
            for lease in self._held.values():
                if now - lease.taken >= LEASE / 2:
                    self._renew(lease, now)

    def _renew(self, lease: _Lease, now: datetime) -> None:
        try:
            renewed = self._client.update_message(lease.message, visibility_timeout=LEASE_SECONDS)
        except AzureError as error:
            log.warning("The lease of message %s could not be renewed: %s", lease.message.id, error)
            return
        lease.message.pop_receipt, lease.taken = renewed.pop_receipt, now
