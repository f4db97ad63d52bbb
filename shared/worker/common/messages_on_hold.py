"""Keeps messages in the queue while the app's settings are refused, because it can't handle them without."""

from collections.abc import Callable
from typing import Any

from shared.domain.decision import Outcome, Reason
from shared.domain.poison_envelope import envelope_text
from shared.domain.queue_port import QueueSender
from shared.errors import SettingsError
from shared.graph.sender import Tally
from shared.worker.common import delays
from shared.worker.common.ending import Ending, to_poison
from shared.worker.common.ending_delivery import log_poisoned
from shared.worker.common.message_report import MessageReport
from shared.worker.common.world import World


class MessagesOnHold:
    """Keeps the messages of one queue, with storage alone; `log` writes the one log line of each."""

    def __init__(
        self,
        *,
        world: World,
        queue: QueueSender,
        poison: QueueSender,
        log: Callable[[MessageReport[Any]], None],
    ) -> None:
        self._world = world
        self._queue = queue
        self._poison = poison
        self._log = log

    def keep(self, body: bytes, error: SettingsError) -> None:
        """Put a message back, unchanged, for five minutes; one that is not text goes to the poison queue.

        Raises:
            QueueUnavailable: the queue did not accept it; the host delivers it again.
        """
        try:
            text = body.decode()
        except UnicodeDecodeError:
            ending = to_poison(Reason.UNREADABLE_MESSAGE, "the message is not JSON")
            envelope = envelope_text(body, reason=ending.reason, detail=ending.detail, at=self._world.now())
            self._poison.send(envelope)
            log_poisoned(self._queue.name, ending.reason, ending.detail, None)
        else:
            self._queue.send(text, delays.SETTINGS_RETRY_DELAY)
            ending = Ending(
                outcome=Outcome.DELAYED,
                reason=Reason.SETTINGS_REFUSED,
                delay=delays.SETTINGS_RETRY_DELAY,
                detail=str(error),
            )
        now = self._world.now()
        self._log(
            MessageReport(ending=ending, message=None, started=now, finished=now, taken=None, tally=Tally())
        )
