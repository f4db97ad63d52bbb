"""How a message ends, as a value that `ending_delivery` carries out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.decision import Decision, Outcome, Reason
from shared.domain.later_message import LaterMessage
from shared.domain.messages import EventChange, Message
from shared.errors import (
    EventChanged,
    EventNotFound,
    Forbidden,
    GraphPaused,
    GraphUnavailable,
    JoinlinkError,
    MailboxFull,
    MailboxUnusable,
    NotValidated,
    OutOfTime,
    QueueUnavailable,
    SecondLook,
    StateChanged,
    StorageUnavailable,
    SubscriptionLimit,
    SubscriptionTooLong,
    Throttled,
    Unauthorized,
    UnreadableEvent,
)
from shared.worker.common import delays
from shared.worker.common.delays import Uniform

#: temporary errors: retried with backoff
_TRANSIENT: tuple[tuple[type[JoinlinkError], Reason], ...] = (
    (GraphUnavailable, Reason.GRAPH_UNAVAILABLE),
    (StorageUnavailable, Reason.STORAGE_UNAVAILABLE),
    (QueueUnavailable, Reason.STORAGE_UNAVAILABLE),
    (OutOfTime, Reason.OUT_OF_TIME),
    (Unauthorized, Reason.UNAUTHORIZED),
    (NotValidated, Reason.ENDPOINT_NOT_VALIDATED),
    (EventChanged, Reason.CHANGED_MEANWHILE),
    (StateChanged, Reason.CHANGED_MEANWHILE),
)
#: errors that a person can fix within a day: retried every hour
_FIXABLE: tuple[tuple[type[JoinlinkError], Reason], ...] = (
    (MailboxFull, Reason.MAILBOX_FULL),
    (SubscriptionLimit, Reason.SUBSCRIPTION_LIMIT),
)
#: errors that a retry does not fix
_FINAL: tuple[tuple[type[JoinlinkError], Outcome, Reason], ...] = (
    (EventNotFound, Outcome.GONE, Reason.NOT_FOUND),
    (Forbidden, Outcome.FORBIDDEN, Reason.ACCESS_DENIED),
    (MailboxUnusable, Outcome.MAILBOX_UNUSABLE, Reason.NO_USABLE_MAILBOX),
    (UnreadableEvent, Outcome.SKIPPED, Reason.UNREADABLE_EVENT),
)


@dataclass(frozen=True, slots=True)
class AnsweredRead:
    """A read that answered for these event ids; `after` is a time before it, None for the message's own."""

    events: frozenset[str]
    after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a message ends.

    `next_message` goes to the same queue, visible after `delay`: the message again, or the one that follows
    it. `poison` is the detail with which the message goes to the poison queue, None if it does not.
    """

    outcome: Outcome
    reason: Reason
    #: id of the rule that decided
    rule: str | None = None
    decision: Decision | None = None
    policy_hash: str = ""
    provider: str = ""
    next_message: Message | LaterMessage | None = None
    delay: timedelta = timedelta(0)
    poison: str | None = None
    #: Joinlink could not send the message again: the host must deliver it again
    left_to_host: bool = False
    #: the read that answers this message, and its copies too
    read: AnsweredRead | None = None
    #: the cause, for an admin; never text that people wrote
    detail: str = ""


def retry_later(message: Message, reason: Reason, delay: timedelta, *, detail: str = "") -> Ending:
    """Return the ending that sends the message again, visible after `delay`."""
    return Ending(outcome=Outcome.DELAYED, reason=reason, next_message=message, delay=delay, detail=detail)


def retry_with_backoff(message: Message, reason: Reason, uniform: Uniform, *, detail: str = "") -> Ending:
    """Return the ending that retries with exponential backoff, for a day; then the message is poison."""
    if message.attempt >= delays.MAX_ATTEMPTS:
        return _give_up(message, reason, detail)
    again = replace(message, attempt=message.attempt + 1, waits=0)
    return retry_later(again, reason, delays.backoff(message.attempt, uniform), detail=detail)


def retry_hourly(message: Message, reason: Reason, uniform: Uniform, *, detail: str = "") -> Ending:
    """Return the ending that retries every hour, for a day; then the message is poison."""
    if message.attempt >= delays.MAX_HOURLY_ATTEMPTS:
        return _give_up(message, reason, detail)
    again = replace(message, attempt=message.attempt + 1, waits=0)
    return retry_later(again, reason, delays.hourly(uniform), detail=detail)


def wait_without_attempt(
    message: Message, reason: Reason, retry_after: timedelta, uniform: Uniform, *, detail: str = ""
) -> Ending:
    """Return the ending that waits as long as Graph requests, and longer each time. It counts no attempt."""
    wait = delays.after_throttling(retry_after, message.waits, uniform)
    return retry_later(replace(message, waits=message.waits + 1), reason, wait, detail=detail)


def wait_for_rules(message: Message, uniform: Uniform) -> Ending:
    """Return the ending that waits for valid rules, for up to ten minutes. It counts no attempt."""
    wait = delays.without_rules(message.waits, uniform)
    return retry_later(replace(message, waits=message.waits + 1), Reason.NO_VALID_RULES, wait)


def ending_for_error(error: JoinlinkError, message: Message, uniform: Uniform) -> Ending:
    """Return how an error of Graph or of storage ends the message."""
    return (
        _wait(error, message, uniform)
        or _read_again(error, message, uniform)
        or _retry(error, message, uniform)
        or _end(error)
    )


def _wait(error: JoinlinkError, message: Message, uniform: Uniform) -> Ending | None:
    if isinstance(error, Throttled):
        reason, wait = Reason.THROTTLED, error.retry_after
    elif isinstance(error, GraphPaused):
        reason, wait = Reason.GRAPH_UNAVAILABLE, error.retry_after
    elif isinstance(error, SubscriptionTooLong):  # every length is refused, which only Graph can change
        reason, wait = Reason.LIFETIME_REFUSED, delays.HOURLY
    else:
        return None
    return wait_without_attempt(message, reason, wait, uniform, detail=str(error))


def _read_again(error: JoinlinkError, message: Message, uniform: Uniform) -> Ending | None:
    if isinstance(error, SecondLook):
        again = replace(message, waits=0)
        return retry_later(again, Reason.SECOND_LOOK, delays.second_read(uniform), detail=str(error))
    if not (isinstance(error, EventNotFound) and isinstance(message, EventChange)):
        return None
    reads = message.not_found
    if reads >= len(delays.NOT_FOUND_DELAYS):
        return None
    again = replace(message, not_found=reads + 1, waits=0)
    return retry_later(again, Reason.NOT_FOUND_YET, delays.NOT_FOUND_DELAYS[reads], detail=str(error))


def _retry(error: JoinlinkError, message: Message, uniform: Uniform) -> Ending | None:
    for kind, reason in _FIXABLE:
        if isinstance(error, kind):
            return retry_hourly(message, reason, uniform, detail=str(error))
    for kind, reason in _TRANSIENT:
        if isinstance(error, kind):
            return retry_with_backoff(message, reason, uniform, detail=str(error))
    return None


def _end(error: JoinlinkError) -> Ending:
    for kind, outcome, reason in _FINAL:
        if isinstance(error, kind):
            return Ending(outcome=outcome, reason=reason, detail=str(error))
    return to_poison(Reason.UNEXPECTED_ANSWER, str(error))


def _give_up(message: Message, reason: Reason, detail: str) -> Ending:
    return to_poison(Reason.TOO_OLD, f"still {reason} after {message.attempt} tries in a day: {detail}")


def to_poison(reason: Reason, detail: str) -> Ending:
    """Return the ending that moves the message to the poison queue, with this reason and detail."""
    return Ending(outcome=Outcome.FAILED, reason=reason, poison=detail, detail=detail)
