"""What became of one message: a value, carried out by the caller."""

from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.decision import Decision, Outcome, Reason
from shared.domain.later import Later
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
    Throttled,
    Unauthorized,
    UnreadableEvent,
)
from shared.worker.common import delays
from shared.worker.common.delays import Uniform
from shared.worker.common.recent_reads import Read

#: trouble that passes, sooner or later: tried again with backoff
_PASSING: tuple[tuple[type[JoinlinkError], Reason], ...] = (
    (GraphUnavailable, Reason.GRAPH_UNAVAILABLE),
    (StorageUnavailable, Reason.STORAGE_UNAVAILABLE),
    (QueueUnavailable, Reason.STORAGE_UNAVAILABLE),
    (OutOfTime, Reason.OUT_OF_TIME),
    (Unauthorized, Reason.UNAUTHORIZED),
    (NotValidated, Reason.ENDPOINT_NOT_VALIDATED),
    (EventChanged, Reason.CHANGED_MEANWHILE),
    (StateChanged, Reason.CHANGED_MEANWHILE),
)
#: trouble that a person may end within a day
_HOURLY: tuple[tuple[type[JoinlinkError], Reason], ...] = (
    (MailboxFull, Reason.MAILBOX_FULL),
    (SubscriptionLimit, Reason.SUBSCRIPTION_LIMIT),
)
#: trouble that trying again does not end
_FINAL: tuple[tuple[type[JoinlinkError], Outcome, Reason], ...] = (
    (EventNotFound, Outcome.GONE, Reason.NOT_FOUND),
    (Forbidden, Outcome.FORBIDDEN, Reason.ACCESS_DENIED),
    (MailboxUnusable, Outcome.MAILBOX_UNUSABLE, Reason.NO_USABLE_MAILBOX),
    (UnreadableEvent, Outcome.SKIPPED, Reason.UNREADABLE_EVENT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """How a message ended.

    `again` goes to the same queue, visible after `delay`: the message once more, or what is to follow it.
    `poison` says why the message is set aside.
    """

    outcome: Outcome
    reason: Reason
    #: the rule behind it; for the rest of the decision see `decision`
    rule: str | None = None
    decision: Decision | None = None
    policy_hash: str = ""
    provider: str = ""
    again: Message | Later | None = None
    delay: timedelta = timedelta(0)
    poison: str | None = None
    #: nothing of ours carries the message on: the host shall give it again
    left_to_host: bool = False
    #: what was read for it: copies of the message are answered, too
    read: Read | None = None
    #: what an admin should read beside outcome and reason; never what people wrote
    detail: str = ""


def later(message: Message, reason: Reason, delay: timedelta, *, detail: str = "") -> Handled:
    """End this message and have the same looked at after `delay`."""
    return Handled(outcome=Outcome.DELAYED, reason=reason, again=message, delay=delay, detail=detail)


def later_and_longer(message: Message, reason: Reason, uniform: Uniform, *, detail: str = "") -> Handled:
    """Have it looked at again with backoff, or set it aside when that has gone on for a day."""
    if message.attempt >= delays.MOST_ATTEMPTS:
        return _given_up(message, reason, detail)
    again = replace(message, attempt=message.attempt + 1, waits=0)
    return later(again, reason, delays.backoff(message.attempt, uniform), detail=detail)


def hourly_for_a_day(message: Message, reason: Reason, uniform: Uniform, *, detail: str = "") -> Handled:
    """Have it looked at again every hour, or set it aside when that has gone on for a day."""
    if message.attempt >= delays.MOST_HOURLY:
        return _given_up(message, reason, detail)
    again = replace(message, attempt=message.attempt + 1, waits=0)
    return later(again, reason, delays.hourly(uniform), detail=detail)


def later_without_failure(
    message: Message, reason: Reason, retry_after: timedelta, uniform: Uniform, *, detail: str = ""
) -> Handled:
    """Have it looked at again after Graph's wait or ours, which grows; no failure, however long it lasts."""
    wait = delays.after_throttling(retry_after, message.waits, uniform)
    return later(replace(message, waits=message.waits + 1), reason, wait, detail=detail)


def later_without_rules(message: Message, uniform: Uniform) -> Handled:
    """Have it looked at again until there are valid rules, at last every ten minutes."""
    wait = delays.without_rules(message.waits, uniform)
    return later(replace(message, waits=message.waits + 1), Reason.NO_VALID_RULES, wait)


def after_trouble(error: JoinlinkError, message: Message, uniform: Uniform) -> Handled:
    """Return what an error of Graph or of storage makes of the message: the trouble table of the design."""
    return (
        _waiting(error, message, uniform)
        or _looked_at_again(error, message, uniform)
        or _tried_again(error, message, uniform)
        or _ended(error)
    )


def _waiting(error: JoinlinkError, message: Message, uniform: Uniform) -> Handled | None:
    if isinstance(error, Throttled):
        reason = Reason.THROTTLED
    elif isinstance(error, GraphPaused):
        reason = Reason.GRAPH_UNAVAILABLE
    else:
        return None
    return later_without_failure(message, reason, error.retry_after, uniform, detail=str(error))


def _looked_at_again(error: JoinlinkError, message: Message, uniform: Uniform) -> Handled | None:
    if isinstance(error, SecondLook):
        again = replace(message, waits=0)
        return later(again, Reason.SECOND_LOOK, delays.second_look(uniform), detail=str(error))
    if not (isinstance(error, EventNotFound) and isinstance(message, EventChange)):
        return None
    looks = message.not_found
    if looks >= len(delays.LOOK_AGAIN):
        return None
    searched = replace(message, not_found=looks + 1, waits=0)
    return later(searched, Reason.NOT_FOUND_YET, delays.LOOK_AGAIN[looks], detail=str(error))


def _tried_again(error: JoinlinkError, message: Message, uniform: Uniform) -> Handled | None:
    for kind, reason in _HOURLY:
        if isinstance(error, kind):
            return hourly_for_a_day(message, reason, uniform, detail=str(error))
    for kind, reason in _PASSING:
        if isinstance(error, kind):
            return later_and_longer(message, reason, uniform, detail=str(error))
    return None


def _ended(error: JoinlinkError) -> Handled:
    for kind, outcome, reason in _FINAL:
        if isinstance(error, kind):
            return Handled(outcome=outcome, reason=reason, detail=str(error))
    return failed(Reason.UNEXPECTED_ANSWER, str(error))


def _given_up(message: Message, reason: Reason, detail: str) -> Handled:
    return failed(Reason.TOO_OLD, f"still {reason} after {message.attempt} tries in a day: {detail}")


def failed(reason: Reason, detail: str) -> Handled:
    """Set the message aside: it goes to poison with what is said here."""
    return Handled(outcome=Outcome.FAILED, reason=reason, poison=detail, detail=detail)
