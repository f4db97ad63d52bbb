"""What the webhook does with a POST of Graph's: judge it, and queue every change before it is answered."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Lock
from typing import Protocol

from shared.domain.messages import EventChange
from shared.graph.notifications import Intake, read_notifications
from shared.worker.world import World

#: The queue service takes one message a request; eight at a time keep a POST of a hundred under a second.
_SENDERS = 8


class _Queue(Protocol):
    def send(self, text: str, delay: timedelta = ...) -> None: ...


class Webhook:
    """Takes notifications; makes no Graph call and reads neither rule file nor table."""

    def __init__(
        self,
        *,
        world: World,
        queue: Callable[[], _Queue],
        keys: Sequence[str],
        tenant_id: str,
        settle: timedelta,
    ) -> None:
        self._world = world
        self._queue = queue
        self._keys = keys
        self._tenant_id = tenant_id
        self._settle = settle
        self._lock = Lock()
        self._connected: _Queue | None = None
        self._senders = ThreadPoolExecutor(_SENDERS, thread_name_prefix="queue-send")

    def accept(self, body: bytes) -> Intake:
        """Queue a message for each distinct event, visible after the settle time; return what was judged.

        Raises:
            RejectedRequest: the body is too large or not Graph's; answer with its status.
            QueueUnavailable: not every message was taken; answer 503, and Graph delivers all of it again.
        """
        intake = read_notifications(
            body,
            keys=self._keys,
            tenant_id=self._tenant_id,
            received=self._world.now(),
            new_trace=self._world.new_id,
        )
        self._enqueue(intake.changes)
        return intake

    def _connect(self) -> _Queue:
        """Connect on the first change: the SDK is not loaded for a handshake."""
        with self._lock:
            if self._connected is None:
                self._connected = self._queue()
            return self._connected

    def close(self) -> None:
        """End the threads that send."""
        self._senders.shutdown()

    def _enqueue(self, changes: Sequence[EventChange]) -> None:
        if not changes:
            return
        queue = self._connect()
        for _sent in self._senders.map(lambda change: queue.send(change.encode(), self._settle), changes):
            pass
