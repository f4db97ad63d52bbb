"""Decodes a queue message as the host delivers it, handles it within a minute, and returns how it ends.

After every error Joinlink itself sends the message again and finishes the old one. So a dequeue count above
one means that the process died while it handled this message or others. Joinlink then sends the message again
with a random delay, so that it is handled by itself: if it kills the process again, others are not affected.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from shared.deadline import ENDING_TIMEOUT, MESSAGE_TIMEOUT, deadline
from shared.domain.decision import Outcome, Reason
from shared.domain.later_message import LaterMessage
from shared.domain.messages import EventChange, MailboxTask
from shared.errors import (
    GraphError,
    JoinlinkError,
    LaterVersion,
    OutOfTime,
    QueueUnavailable,
    StorageUnavailable,
    Throttled,
    UnreadableMessage,
)
from shared.logs import place_of
from shared.worker.common import delays
from shared.worker.common.delays import Uniform
from shared.worker.common.ending import Ending, ending_for_error, retry_later, to_poison
from shared.worker.common.world import World

#: A message that returned so often because the process died goes to the poison queue.
MAX_RETURNS = 4
#: So does a message that ended so often in an unexpected error.
MAX_ERRORS = 5
#: how long a message of a later version waits for that version, and how often it is tried meanwhile
MAX_VERSION_WAIT = timedelta(hours=24)
VERSION_RETRY_DELAY = timedelta(minutes=5)
_ALONE = timedelta(minutes=1)

_Message = TypeVar("_Message", EventChange, MailboxTask)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """A message as the host delivers it.

    `dequeue_count` includes this delivery. `queued` and `taken` are when it was put on the queue and when the
    host took it, both by the queue service's clock; None if the host does not report it.
    """

    body: bytes
    dequeue_count: int = 1
    queued: datetime | None = None
    taken: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandledMessage(Generic[_Message]):
    """How a delivery ends: the message (None if unreadable), its body without an envelope, and its ending."""

    message: _Message | None
    body: bytes
    ending: Ending


def handle_received(
    received: ReceivedMessage,
    decode: Callable[[bytes], _Message],
    handle: Callable[[_Message], Ending],
    world: World,
) -> HandledMessage[_Message]:
    """Handle a message and return how it ends, whatever happens."""
    waiting = LaterMessage.read(received.body)
    body = waiting.message.encode() if waiting else received.body
    try:
        message = decode(body)
    except LaterVersion as error:
        return HandledMessage(None, body, _wait_for_version(waiting, received, str(error), world))
    except UnreadableMessage as error:
        return HandledMessage(None, body, to_poison(Reason.UNREADABLE_MESSAGE, str(error)))
    if received.dequeue_count > 1:
        return HandledMessage(message, body, _send_alone(message, world.uniform))
    try:
        with deadline(MESSAGE_TIMEOUT - ENDING_TIMEOUT):
            ending = handle(message)
    except Exception as error:  # noqa: BLE001 -- whatever happens, the message ends in one line
        ending = _after_error(error, message, world.uniform)
    return HandledMessage(message, body, _without_returns(ending))


def _wait_for_version(
    waiting: LaterMessage | None, received: ReceivedMessage, detail: str, world: World
) -> Ending:
    """Keep a message of a later version for a day, by the queue service's clock if the host reports it."""
    since = waiting.since if waiting else received.queued or world.now()
    # A time in the future, from a wrong clock, must not make it wait forever.
    if abs((received.taken or world.now()) - since) >= MAX_VERSION_WAIT:
        return to_poison(Reason.LATER_VERSION, detail)
    return Ending(
        outcome=Outcome.DELAYED,
        reason=Reason.LATER_VERSION,
        next_message=waiting or LaterMessage(received.body.decode(), since),
        delay=VERSION_RETRY_DELAY,
        detail=detail,
    )


def _send_alone(message: _Message, uniform: Uniform) -> Ending:
    returns = message.returns + 1
    if returns >= MAX_RETURNS:
        detail = f"it came back {returns} times without an error of Joinlink: see the host's log"
        return to_poison(Reason.WORKER_LOST, detail)
    # With each return, messages that returned together are spread over more time.
    delay = _ALONE * returns * uniform(0.02, 1.0)
    return retry_later(replace(message, returns=returns), Reason.WORKER_LOST, delay)


def _after_error(error: Exception, message: _Message, uniform: Uniform) -> Ending:
    if isinstance(error, GraphError | QueueUnavailable | StorageUnavailable | OutOfTime):
        return ending_for_error(_first_throttled(error) or error, message, uniform)
    detail = place_of(error)
    if message.errors + 1 >= MAX_ERRORS:
        return to_poison(Reason.UNEXPECTED_ERROR, detail)
    again = replace(message, errors=message.errors + 1)
    return retry_later(again, Reason.UNEXPECTED_ERROR, delays.backoff(message.errors, uniform), detail=detail)


def _first_throttled(error: JoinlinkError) -> Throttled | None:
    """Return the throttling that a later error of the clean-up hides: Graph's wait still applies."""
    return next((each for each in _chain(error) if isinstance(each, Throttled)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _without_returns(ending: Ending) -> Ending:
    """Reset the count of returns, because this delivery ended."""
    message = ending.next_message
    if isinstance(message, EventChange | MailboxTask) and message.returns:
        return replace(ending, next_message=replace(message, returns=0))
    return ending
