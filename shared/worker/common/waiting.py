"""Messages that wait because the app's settings are refused: without them nothing can be read or decided."""

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import EVENT_CHANGES
from shared.domain.poisoned import poison_text
from shared.errors import SettingsError
from shared.logs import logger
from shared.storage.queues import MessageQueue
from shared.worker.common import delays
from shared.worker.common.carrying import say_poisoned
from shared.worker.common.world import World


class Waiting:
    """Keeps the messages of one queue; needs the storage settings alone."""

    def __init__(self, *, world: World, queue: MessageQueue, poison: MessageQueue) -> None:
        self._world = world
        self._queue = queue
        self._poison = poison

    def keep(self, body: bytes, error: SettingsError) -> None:
        """Put a message back, unchanged, for five minutes; one that is no text goes to the poison queue.

        Raises:
            QueueUnavailable: the queue did not take it; the host gives it again.
        """
        try:
            text = body.decode()
        except UnicodeDecodeError:
            self._set_aside(body)
            return
        self._queue.send(text, delays.SETTINGS_AGAIN)
        self._say(error)

    def _set_aside(self, body: bytes) -> None:
        reason, detail = Reason.UNREADABLE_MESSAGE, "the message is not JSON"
        self._poison.send(poison_text(body, reason=reason, detail=detail, at=self._world.now()))
        say_poisoned(self._queue.name, reason, detail, None)
        if self._queue.name == EVENT_CHANGES:
            logger().error("event.decided", outcome=Outcome.FAILED, reason=reason, detail=detail)
        else:
            logger().error("task.finished", outcome=Outcome.FAILED, reason=reason, detail=detail)

    def _say(self, error: SettingsError) -> None:
        seconds, detail = delays.SETTINGS_AGAIN.total_seconds(), str(error)
        outcome, reason = Outcome.DELAYED, Reason.SETTINGS_REFUSED
        if self._queue.name == EVENT_CHANGES:
            logger().error(
                "event.decided", outcome=outcome, reason=reason, detail=detail, again_in_seconds=seconds
            )
        else:
            logger().error(
                "task.finished", outcome=outcome, reason=reason, detail=detail, next_in_seconds=seconds
            )
