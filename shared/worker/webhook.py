"""What the webhook does with a POST of Graph's: judge it, and queue all of it before it is answered."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Lock
from typing import Protocol

from shared.domain.messages import Message
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
        changes: Callable[[], _Queue],
        tasks: Callable[[], _Queue],
        keys: Sequence[str],
        tenant_id: str,
        settle: timedelta,
    ) -> None:
        self._world = world
        self._changes = _Connection(changes)
        self._tasks = _Connection(tasks)
        self._keys = keys
        self._tenant_id = tenant_id
        self._settle = settle
        self._senders = ThreadPoolExecutor(_SENDERS, thread_name_prefix="queue-send")

    def accept(self, body: bytes) -> Intake:
        """Queue a message for each distinct event, visible after the settle time, and for each task.

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
        self._enqueue(self._changes, intake.changes, self._settle)
        self._enqueue(self._tasks, intake.tasks, timedelta(0))
        return intake

    def close(self) -> None:
        """End the threads that send."""
        self._senders.shutdown()

    def _enqueue(self, connection: "_Connection", messages: Sequence[Message], delay: timedelta) -> None:
        if not messages:
            return
        queue = connection.get()
        for _sent in self._senders.map(lambda message: queue.send(message.encode(), delay), messages):
            pass


class _Connection:
    """Connects to a queue on its first message: the SDK is not loaded for a handshake."""

    def __init__(self, connect: Callable[[], _Queue]) -> None:
        self._connect = connect
        self._lock = Lock()
        self._queue: _Queue | None = None

    def get(self) -> _Queue:
        with self._lock:
            if self._queue is None:
                self._queue = self._connect()
            return self._queue
