"""What became of one message: a value, carried out by the caller."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.decision import Decision, Outcome, Reason
from shared.domain.messages import EventChange, Message
from shared.errors import (
    EventNotFound,
    Forbidden,
    GraphUnavailable,
    JoinlinkError,
    MailboxUnusable,
    NotConnected,
    NotValidated,
    OutOfTime,
    QueueUnavailable,
    StorageUnavailable,
    Throttled,
    Unauthorized,
    UnreadableEvent,
)
from shared.worker import delays
from shared.worker.delays import Uniform
from shared.worker.reads import Read

#: trouble that passes, sooner or later: tried again with backoff
_PASSING: Mapping[type[JoinlinkError], Reason] = {
    GraphUnavailable: Reason.GRAPH_UNAVAILABLE,
    StorageUnavailable: Reason.STORAGE_UNAVAILABLE,
    QueueUnavailable: Reason.STORAGE_UNAVAILABLE,
    Unauthorized: Reason.UNAUTHORIZED,
    NotValidated: Reason.ENDPOINT_NOT_VALIDATED,
    OutOfTime: Reason.OUT_OF_TIME,
}
#: trouble that trying again does not mend
_FINAL: Mapping[type[JoinlinkError], tuple[Outcome, Reason]] = {
    EventNotFound: (Outcome.GONE, Reason.NOT_FOUND),
    UnreadableEvent: (Outcome.SKIPPED, Reason.UNREADABLE_EVENT),
    Forbidden: (Outcome.FORBIDDEN, Reason.ACCESS_DENIED),
    MailboxUnusable: (Outcome.MAILBOX_UNUSABLE, Reason.NO_USABLE_MAILBOX),
}


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
    again: Message | None = None
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
        return failed(Reason.TOO_OLD, f"still {reason} after {message.attempt} tries in a day: {detail}")
    again = replace(message, attempt=message.attempt + 1)
    return later(again, reason, delays.backoff(message.attempt, uniform), detail=detail)


def hourly_for_a_day(message: Message, reason: Reason, uniform: Uniform, *, detail: str = "") -> Handled:
    """Have it tried again every hour, or move it to the poison queue when that has gone on for a day."""
    if message.attempt >= delays.HOURS_A_DAY:
        return failed(Reason.TOO_OLD, f"still {reason} after a day: {detail}")
    again = replace(message, attempt=message.attempt + 1)
    return later(again, reason, timedelta(hours=1) * uniform(0.9, 1.1), detail=detail)


def after_trouble(error: JoinlinkError, message: Message, uniform: Uniform) -> Handled:
    """Return what an error of Graph or of storage makes of the message: the trouble table of the design."""
    kind, detail = type(error), str(error)
    if isinstance(error, NotConnected):
        kind = GraphUnavailable
    if isinstance(error, Throttled):
        wait = delays.after_throttling(error.retry_after, uniform)
        return later(message, Reason.THROTTLED, wait, detail=detail)
    if kind in _PASSING:
        return later_and_longer(message, _PASSING[kind], uniform, detail=detail)
    if (
        kind is EventNotFound
        and isinstance(message, EventChange)
        and message.not_found < len(delays.LOOK_AGAIN)
    ):
        again = replace(message, not_found=message.not_found + 1)
        return later(again, Reason.NOT_FOUND_YET, delays.LOOK_AGAIN[message.not_found], detail=detail)
    if kind in _FINAL:
        outcome, reason = _FINAL[kind]
        return Handled(outcome=outcome, reason=reason, detail=detail)
    return failed(Reason.UNEXPECTED_ANSWER, detail)


def failed(reason: Reason, detail: str) -> Handled:
    """Set the message aside: it goes to poison with what is said here."""
    return Handled(outcome=Outcome.FAILED, reason=reason, poison=detail, detail=detail)
