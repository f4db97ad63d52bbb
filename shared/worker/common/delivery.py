"""One delivery of a queue message: read it, handle it within its minute, and say how it ends.

A delivery with a dequeue count above one had an earlier one that did not end: all our own errors send the
message again and finish the old one. So the process ended over it, or over a neighbour. Such a message is
sent again, alone and at a random moment: then whoever kills the process dies alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.deadline import MESSAGE_TIMEOUT, deadline
from shared.domain.decision import Outcome, Reason
from shared.domain.later import Later
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
from shared.worker.common.ending import Handled, after_trouble, failed, later
from shared.worker.common.world import World

#: A message that came back so often without an error of ours goes to the poison queue.
MOST_RETURNS = 4
#: A message that ended so often in an error that nobody expected does, too.
MOST_ERRORS = 5
#: How long a message of a later version waits for that version, and how often it is read meanwhile.
LATER_WAITS = timedelta(hours=24)
LATER_AGAIN = timedelta(minutes=5)
_ALONE = timedelta(minutes=1)

_Message = TypeVar("_Message", EventChange, MailboxTask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message as the host delivers it.

    `dequeue_count` includes this delivery. `queued` and `taken` are when it was put on the queue and when
    the host took it, both by the queue service's time; None where the host does not say.
    """

    body: bytes
    dequeue_count: int = 1
    queued: datetime | None = None
    taken: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a delivery ends: the message (None if unreadable), its body without wrapping, what became of it."""

    message: EventChange | MailboxTask | None
    body: bytes
    handled: Handled


def deliver(
    delivery: Delivery,
    decode: Callable[[bytes], _Message],
    handle: Callable[[_Message], Handled],
    world: World,
) -> Ended:
    """Handle a message; whatever happens, return how it ends."""
    kept = Later.unwrapped(delivery.body)
    body = kept.message.encode() if kept else delivery.body
    try:
        message = decode(body)
    except LaterVersion as error:
        return Ended(None, body, _wait_for_version(kept, delivery, str(error), world))
    except UnreadableMessage as error:
        return Ended(None, body, failed(Reason.UNREADABLE_MESSAGE, str(error)))
    if delivery.dequeue_count > 1:
        return Ended(message, body, _send_alone(message, world.uniform))
    try:
        with deadline(MESSAGE_TIMEOUT):
            handled = handle(message)
    except Exception as error:  # noqa: BLE001 -- whatever happens, the message ends in one line
        handled = _after_error(error, message, world.uniform)
    return Ended(message, body, _without_returns(handled))


def _wait_for_version(kept: Later | None, delivery: Delivery, detail: str, world: World) -> Handled:
    """Keep a message of a later version for a day, by the queue service's time where the host says it."""
    since = kept.since if kept else delivery.queued or world.now()
    # A moment in the future, by whatever clock, must not let it wait for ever.
    if abs((delivery.taken or world.now()) - since) >= LATER_WAITS:
        return failed(Reason.LATER_VERSION, detail)
    message = kept or Later(delivery.body.decode(), since)
    return Handled(
        outcome=Outcome.DELAYED, reason=Reason.LATER_VERSION, again=message, delay=LATER_AGAIN, detail=detail
    )


def _send_alone(message: _Message, uniform: Uniform) -> Handled:
    returns = message.returns + 1
    if returns >= MOST_RETURNS:
        detail = f"it came back {returns} times without an error of Joinlink: see the host's log"
        return failed(Reason.WORKER_LOST, detail)
    # Every further return spreads the messages that came back together over more time.
    delay = _ALONE * returns * uniform(0.02, 1.0)
    return later(replace(message, returns=returns), Reason.WORKER_LOST, delay)


def _after_error(error: Exception, message: _Message, uniform: Uniform) -> Handled:
    if isinstance(error, GraphError | QueueUnavailable | StorageUnavailable | OutOfTime):
        return after_trouble(_first_throttled(error) or error, message, uniform)
    detail = place_of(error)
    if message.errors + 1 >= MOST_ERRORS:
        return failed(Reason.UNEXPECTED_ERROR, detail)
    again = replace(message, errors=message.errors + 1)
    return later(again, Reason.UNEXPECTED_ERROR, delays.backoff(message.errors, uniform), detail=detail)


def _first_throttled(error: JoinlinkError) -> Throttled | None:
    """Return the throttling that an error in its clean-up hides: Graph's wait holds all the same."""
    return next((each for each in _chain(error) if isinstance(each, Throttled)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _without_returns(handled: Handled) -> Handled:
    """A delivery that came to its end starts the count of returns again."""
    if isinstance(handled.again, EventChange | MailboxTask) and handled.again.returns:
        return replace(handled, again=replace(handled.again, returns=0))
    return handled
