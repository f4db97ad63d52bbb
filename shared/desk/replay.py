"""What lies in the poison queues and why, and the way back.

A message is sent first and deleted then. Who is killed between the two leaves a message that lies in both
places and is put back twice at worst: the worker looks at the event as it is, so the second finds nothing
to do. What can't be read stays where it is, for a person to look at; a message of a later version goes back
and waits there for that version.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shared.domain.decision import Reason
from shared.domain.later import Later
from shared.domain.messages import KINDS, EventChange, Message, Source
from shared.domain.poisoned import Poisoned, read_poison
from shared.domain.queue_port import QueueSender
from shared.errors import LaterVersion, UnreadableMessage
from shared.storage.poison_queue import LeasedMessage

#: the reason of what the Functions host set aside by itself: the app died over it, or never saw it
BY_THE_HOST = Reason.MOVED_BY_THE_HOST
UNREADABLE = Reason.UNREADABLE_MESSAGE

#: the queues whose messages can be put back
QUEUES = tuple(KINDS)


class _Poison(Protocol):
    def lease(self) -> Iterable[LeasedMessage]: ...

    def delete(self, message: LeasedMessage) -> None: ...

    def release(self, message: LeasedMessage) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A message that was set aside: from which queue, why, and when (aware UTC)."""

    queue: str
    reason: str
    detail: str
    at: datetime
    leased: LeasedMessage
    #: None where it can't be read; then it stays
    message: Message | Later | None


def read(queue: str, leased: LeasedMessage) -> SetAside:
    """Read a message of the poison queue beside `queue`: our envelope, or a message that the host moved."""
    envelope = read_poison(leased.body)
    if envelope is None:
        envelope = Poisoned(reason=BY_THE_HOST, detail="", at=leased.since, body=leased.body)
    reason, detail = envelope.reason, envelope.detail
    message: Message | Later | None = None
    kept = Later.unwrapped(envelope.body)
    text = kept.message.encode() if kept else envelope.body
    try:
        message = KINDS[queue].decode(text)
    except LaterVersion as error:
        message, detail = Later(text.decode(), envelope.at), detail or str(error)
    except UnreadableMessage as error:
        reason, detail = UNREADABLE, detail or str(error)
    return SetAside(queue=queue, reason=reason, detail=detail, at=envelope.at, leased=leased, message=message)


def fresh(message: Message | Later, now: datetime) -> Message | Later:
    """Return the message as it is put back: told of now, and never tried before."""
    if isinstance(message, Later):
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
        self, poison: Mapping[str, _Poison], queues: Mapping[str, QueueSender], now: Callable[[], datetime]
    ) -> None:
        self._poison = poison
        self._queues = queues
        self._now = now

    def find(self, queues: Sequence[str], since: datetime | None) -> list[SetAside]:
        """Lease and return what was set aside, or set aside since then; end with `give_back` of what is left.

        Raises:
            QueueUnavailable: a queue can't be read; what was leased is free again after a quarter of an hour.
        """
        every = [read(queue, leased) for queue in queues for leased in self._poison[queue].lease()]
        # Only now: what is given back while a queue is being read would be read again.
        self.give_back(found for found in every if since and found.at < since)
        return [found for found in every if not since or found.at >= since]

    def put_back(self, found: SetAside) -> None:
        """Send the message to its queue again, then take it out of the poison queue.

        Raises:
            QueueUnavailable: it may lie in both queues, never in none.
        """
        assert found.message is not None
        self._queues[found.queue].send(fresh(found.message, self._now()).encode())
        self._poison[found.queue].delete(found.leased)

    def give_back(self, left: Iterable[SetAside]) -> None:
        """Leave messages where they were. Raises QueueUnavailable."""
        for found in left:
            self._poison[found.queue].release(found.leased)
