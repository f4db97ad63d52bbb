"""What the webhook does with a POST of Graph's: judge it, and queue all of it before it is answered."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Lock

from shared.domain.messages import Message
from shared.graph.protocol.notifications import Intake, read_notifications
from shared.worker.common.world import World
from shared.worker.webhook.batch import Outgoing, Queue
from shared.worker.webhook.outbox import Outbox

#: Graph counts what takes longer than three seconds as slow, and the way to us is part of them.
ANSWER_SECONDS = 2.4


class Webhook:
    """Takes notifications; makes no Graph call and reads neither rule file nor table.

    `clock` counts seconds.
    """

    def __init__(
        self,
        *,
        world: World,
        changes: Callable[[], Queue],
        tasks: Callable[[], Queue],
        keys: Sequence[str],
        tenant_id: str,
        settle: timedelta,
        clock: Callable[[], float],
    ) -> None:
        self._world = world
        self._changes = _Connection(changes)
        self._tasks = _Connection(tasks)
        self._keys = keys
        self._tenant_id = tenant_id
        self._settle = settle
        self._clock = clock
        self._outbox = Outbox(clock)

    def accept(self, body: bytes) -> Intake:
        """Queue a message for each distinct event, visible after the settle time, and for each task.

        Raises:
            RejectedRequest: the body is too large or not Graph's; answer with its status.
            QueueUnavailable: not every message was taken in time; answer 503, and Graph delivers all of it
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
        self._outbox.send([*self._outgoing(intake)], end)
        return intake

    def close(self) -> None:
        """End the threads that send."""
        self._outbox.close()

    def _outgoing(self, intake: Intake) -> Iterator[Outgoing]:
        yield from _messages(self._changes, intake.changes, self._settle)
        yield from _messages(self._tasks, intake.tasks, timedelta(0))


def _messages(connection: "_Connection", messages: Sequence[Message], delay: timedelta) -> Iterator[Outgoing]:
    for message in messages:
        yield Outgoing(connection.get(), message, delay)


class _Connection:
    """Connects to a queue on its first message: the SDK is not loaded for a handshake."""

    def __init__(self, connect: Callable[[], Queue]) -> None:
        self._connect = connect
        self._lock = Lock()
        self._queue: Queue | None = None

    def get(self) -> Queue:
        with self._lock:
            if self._queue is None:
                self._queue = self._connect()
            return self._queue
