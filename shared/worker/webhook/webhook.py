"""What the webhook does with a POST of Graph's: checks it, and queues all messages before the answer."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Lock

from shared.domain.messages import Message
from shared.domain.queue_port import QueueSender
from shared.graph.protocol.notifications import Intake, read_notifications
from shared.worker.common.world import World
from shared.worker.webhook.batch import OutgoingMessage
from shared.worker.webhook.sender_pool import SenderPool

#: Graph counts an answer as slow after three seconds; the time on the network is part of that.
ANSWER_SECONDS = 2.4


class Webhook:
    """Accepts notifications. It calls neither Graph nor tables, and reads no rule file.

    `clock` counts seconds.
    """

    def __init__(
        self,
        *,
        world: World,
        changes: Callable[[], QueueSender],
        tasks: Callable[[], QueueSender],
        keys: Sequence[str],
        tenant_id: str,
        settle: timedelta,
        clock: Callable[[], float],
    ) -> None:
        self._world = world
        self._changes = _LazyQueue(changes)
        self._tasks = _LazyQueue(tasks)
        self._keys = keys
        self._tenant_id = tenant_id
        self._settle = settle
        self._clock = clock
        self._senders = SenderPool(clock)

    def accept(self, body: bytes) -> Intake:
        """Queue a message for each distinct event, visible after the settle time, and for each task.

        Raises:
            RejectedRequest: the body is too large or not Graph's; answer with its status.
            QueueUnavailable: not every message was queued in time; answer 503, and Graph delivers the POST
                again.
        """
        end = self._clock() + ANSWER_SECONDS
        intake = read_notifications(
            body,
            keys=self._keys,
            tenant_id=self._tenant_id,
            received=self._world.now(),
            new_trace=self._world.new_id,
        )
        self._senders.send([*self._outgoing(intake)], end)
        return intake

    def close(self) -> None:
        """End the threads that send."""
        self._senders.close()

    def _outgoing(self, intake: Intake) -> Iterator[OutgoingMessage]:
        yield from _outgoing(self._changes, intake.changes, self._settle)
        yield from _outgoing(self._tasks, intake.tasks, timedelta(0))


def _outgoing(
    queue: "_LazyQueue", messages: Sequence[Message], delay: timedelta
) -> Iterator[OutgoingMessage]:
    for message in messages:
        yield OutgoingMessage(queue.get(), message, delay)


class _LazyQueue:
    """Connects to a queue for its first message, so that a handshake does not load the SDK."""

    def __init__(self, connect: Callable[[], QueueSender]) -> None:
        self._connect = connect
        self._lock = Lock()
        self._queue: QueueSender | None = None

    def get(self) -> QueueSender:
        with self._lock:
            if self._queue is None:
                self._queue = self._connect()
            return self._queue
