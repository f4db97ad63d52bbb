"""Carries out how a message ends: sends the next one, moves it to poison, or leaves it to the host."""

from shared.deadline import ENDING_TIMEOUT, deadline
from shared.domain.decision import Outcome, Reason
from shared.domain.later_message import LaterMessage
from shared.domain.messages import EventChange, MailboxTask, Message
from shared.domain.poison_envelope import MAX_BYTES, envelope_text
from shared.domain.queue_port import QueueSender
from shared.errors import OutOfTime, QueueUnavailable
from shared.logs import logger, place_of
from shared.worker.common.ending import Ending
from shared.worker.common.received_message import HandledMessage
from shared.worker.common.world import World


class EndingDelivery:
    """Carries out the endings of one queue's messages."""

    def __init__(self, *, world: World, queue: QueueSender, poison: QueueSender) -> None:
        self._world = world
        self._queue = queue
        self._poison = poison

    def carry_out(self, handled: HandledMessage[EventChange] | HandledMessage[MailboxTask]) -> Ending:
        """Carry out the ending within 10 s and return it, or one that leaves the message to the host."""
        try:
            with deadline(ENDING_TIMEOUT):
                self._send(handled)
        except (QueueUnavailable, OutOfTime) as error:
            return _leave_to_host(Reason.STORAGE_UNAVAILABLE, str(error))
        except Exception as error:  # noqa: BLE001 -- whatever happens, the message ends in one line
            return _leave_to_host(Reason.UNEXPECTED_ERROR, place_of(error))
        return handled.ending

    def _send(self, handled: HandledMessage[EventChange] | HandledMessage[MailboxTask]) -> None:
        ending = handled.ending
        if ending.next_message:
            self._queue.send(_text(ending.next_message), ending.delay)
        if ending.poison is not None:
            text = envelope_text(
                handled.body, reason=ending.reason, detail=ending.detail, at=self._world.now()
            )
            self._poison.send(text)
            log_poisoned(self._queue.name, ending.reason, ending.detail, handled.message)


def log_poisoned(queue: str, reason: str, detail: str, message: Message | None) -> None:
    """Log that a message of `queue` is in its poison queue."""
    logger().error(
        "message.poisoned",
        queue=queue,
        reason=reason,
        detail=detail,
        mailbox=message.mailbox if message else None,
        event_id=message.event if isinstance(message, EventChange) else None,
        trace=message.trace if message else None,
    )


def _text(message: Message | LaterMessage) -> str:
    """Return the text to send: a message of a later version without its envelope, if that is too long."""
    text = message.encode()
    if isinstance(message, EventChange | MailboxTask) or len(text.encode()) <= MAX_BYTES:
        return text
    return message.message


def _leave_to_host(reason: Reason, detail: str) -> Ending:
    return Ending(outcome=Outcome.DELAYED, reason=reason, left_to_host=True, detail=detail)
