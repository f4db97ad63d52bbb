"""Handles the messages of one queue: decodes and handles each, carries out its ending, and logs one line.

What differs between the queues is a `MessageHandler`: how a message is decoded, handled and logged.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from shared.domain.messages import EventChange, MailboxTask
from shared.domain.queue_port import QueueSender
from shared.errors import Unhandled
from shared.graph.client import Graph
from shared.worker.common.ending import Ending
from shared.worker.common.ending_delivery import EndingDelivery
from shared.worker.common.message_report import MessageReport
from shared.worker.common.received_message import ReceivedMessage, handle_received
from shared.worker.common.world import World

_Message = TypeVar("_Message", EventChange, MailboxTask)


class MessageHandler(Protocol[_Message]):
    """Decodes, handles and logs the messages of one queue."""

    def decode(self, body: bytes, queued: datetime | None) -> _Message:
        """Return the message, queued at `queued`. Raises UnreadableMessage, LaterVersion."""

    def handle(self, message: _Message, graph: Graph, taken: datetime | None) -> Ending:
        """Handle the message and return how it ends; `taken` is when the host took it from the queue."""

    def forget(self, message: _Message, ending: Ending) -> None:
        """Forget what was read for a message that the host will deliver again."""

    def log(self, report: MessageReport[_Message]) -> None:
        """Write the message's one log line."""


class QueueMessages(Generic[_Message]):
    """Handles the messages of one queue; one instance serves all threads of a process."""

    def __init__(
        self,
        *,
        world: World,
        graph: Callable[[], Graph],
        handler: MessageHandler[_Message],
        queue: QueueSender,
        poison: QueueSender,
    ) -> None:
        self._world = world
        self._graph = graph
        self._handler: MessageHandler[_Message] = handler
        self._delivery = EndingDelivery(world=world, queue=queue, poison=poison)

    def handle(
        self,
        body: bytes,
        dequeue_count: int = 1,
        *,
        queued: datetime | None = None,
        taken: datetime | None = None,
    ) -> None:
        """Handle one message; when this returns, the message is finished.

        `dequeue_count` is how often the host has delivered it, including this time; `queued` and `taken` are
        when it was put on the queue and taken from it, by the queue service's clock, None if not known.

        Raises:
            Unhandled: the host must deliver the message again.
        """
        received = ReceivedMessage(body=body, dequeue_count=dequeue_count, queued=queued, taken=taken)
        started, graph = self._world.now(), self._graph()
        handled = handle_received(
            received,
            lambda text: self._handler.decode(text, queued),
            lambda message: self._handler.handle(message, graph, taken),
            self._world,
        )
        ending = self._delivery.carry_out(handled)
        if ending.left_to_host and handled.message:
            self._handler.forget(handled.message, handled.ending)
        self._handler.log(
            MessageReport(
                ending=ending,
                message=handled.message,
                started=started,
                finished=self._world.now(),
                taken=taken,
                tally=graph.tally,
            )
        )
        if ending.left_to_host:
            # Without the cause: the host logs all causes, and the text of another library's error may contain
            # personal data.
            raise Unhandled(ending.detail) from None
