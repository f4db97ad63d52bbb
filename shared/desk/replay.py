"""Reads the poison queues, and puts messages back on the queues that they came from.

A message is sent first and then deleted. If the command is killed in between, the message is in both queues
and may go back twice. That does no harm: the worker reads the event as it is, so the second message finds
nothing to do. A message that can't be read stays for a person. A message of a later version goes back, and
waits there for that version.

The poison queue's class is in `shared.storage`, because the app's maintenance reads these queues, too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.decision import Reason
from shared.domain.later_message import LaterMessage
from shared.domain.messages import KINDS, EventChange, Message, Source
from shared.domain.poison_envelope import PoisonEnvelope, read_envelope
from shared.domain.queue_port import QueueSender
from shared.errors import LaterVersion, UnreadableMessage
from shared.storage.poison_queue import LeasedMessage, PoisonQueue

#: the queues that messages can go back to
QUEUES = tuple(KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonMessage:
    """A message in a poison queue: the queue that it came from, why it was moved, and when (aware UTC)."""

    queue: str
    reason: str
    detail: str
    at: datetime
    leased: LeasedMessage
    #: None if it can't be read, so that it must stay
    message: Message | LaterMessage | None


def read(queue: str, leased: LeasedMessage) -> PoisonMessage:
    """Return a message of the poison queue of `queue`; without our envelope, the Functions host moved it."""
    envelope = read_envelope(leased.body)
    if envelope is None:
        envelope = PoisonEnvelope(
            reason=Reason.MOVED_BY_THE_HOST, detail="", at=leased.since, body=leased.body
        )
    reason, detail = envelope.reason, envelope.detail
    message: Message | LaterMessage | None = None
    kept = LaterMessage.read(envelope.body)
    text = kept.message.encode() if kept else envelope.body
    try:
        message = KINDS[queue].decode(text)
    except LaterVersion as error:
        message, detail = LaterMessage(text.decode(), envelope.at), detail or str(error)
    except UnreadableMessage as error:
        reason, detail = Reason.UNREADABLE_MESSAGE, detail or str(error)
    return PoisonMessage(
        queue=queue, reason=reason, detail=detail, at=envelope.at, leased=leased, message=message
    )


def renewed(message: Message | LaterMessage, now: datetime) -> Message | LaterMessage:
    """Return the message as it goes back: received now, and without any attempts."""
    if isinstance(message, LaterMessage):
        return replace(message, since=now)
    if isinstance(message, EventChange):
        return EventChange(
            mailbox=message.mailbox,
            event=message.event,
            source=Source.REPLAY,
            received=now,
            trace=message.trace,
        )
    return replace(message, attempt=0, waits=0, returns=0, errors=0)


class Replay:
    """The poison queues of the app, by the names of the queues that their messages came from."""

    def __init__(
        self,
        poison: Mapping[str, PoisonQueue],
        queues: Mapping[str, QueueSender],
        now: Callable[[], datetime],
    ) -> None:
        self._poison = poison
        self._queues = queues
        self._now = now

    def lease(self, queues: Sequence[str], since: datetime | None) -> list[PoisonMessage]:
        """Lease and return the messages, or those since a time; `release` what you do not put back.

        Raises:
            QueueUnavailable: a queue can't be read; leases end by themselves after 15 minutes.
        """
        messages = [read(queue, leased) for queue in queues for leased in self._poison[queue].lease()]
        # Not earlier: a queue that is still being read would return released messages again.
        self.release(message for message in messages if since and message.at < since)
        return [message for message in messages if not since or message.at >= since]

    def put_back(self, message: PoisonMessage) -> None:
        """Send a message to its queue again, then delete it from the poison queue.

        Raises:
            QueueUnavailable: it may be in both queues, and is in at least one.
        """
        assert message.message is not None
        self._queues[message.queue].send(renewed(message.message, self._now()).encode())
        self._poison[message.queue].delete(message.leased)

    def release(self, messages: Iterable[PoisonMessage]) -> None:
        """End the leases of messages, which stay in their poison queue. Raises QueueUnavailable."""
        for message in messages:
            self._poison[message.queue].release(message.leased)
