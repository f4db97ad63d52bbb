"""What became of one message: a value, carried out by the caller."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.decision import Decision, Outcome, Reason
from shared.domain.messages import EventChange
from shared.errors import (
    EventNotFound,
    Forbidden,
    GraphUnavailable,
    JoinlinkError,
    MailboxUnusable,
    StorageUnavailable,
    Throttled,
    Unauthorized,
)
from shared.worker import delays
from shared.worker.delays import Uniform

#: trouble that passes, sooner or later: tried again with backoff
_PASSING: Mapping[type[JoinlinkError], Reason] = {
    GraphUnavailable: Reason.GRAPH_UNAVAILABLE,
    StorageUnavailable: Reason.STORAGE_UNAVAILABLE,
    Unauthorized: Reason.UNAUTHORIZED,
}
#: trouble that trying again does not mend
_FINAL: Mapping[type[JoinlinkError], tuple[Outcome, Reason]] = {
    EventNotFound: (Outcome.GONE, Reason.NOT_FOUND),
    Forbidden: (Outcome.FORBIDDEN, Reason.ACCESS_DENIED),
    MailboxUnusable: (Outcome.MAILBOX_UNUSABLE, Reason.NO_USABLE_MAILBOX),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """How a message ended. `again` is sent after `delay`; `poison` says why the message is set aside."""

    outcome: Outcome
    reason: Reason
    #: the rule behind it; for the rest of the decision see `decision`
    rule: str | None = None
    decision: Decision | None = None
    policy_hash: str = ""
    provider: str = ""
    again: EventChange | None = None
    delay: timedelta = timedelta(0)
    poison: str | None = None
    #: what an admin should read beside outcome and reason; never what people wrote
    detail: str = ""


def later(
    change: EventChange, reason: Reason, delay: timedelta, *, failed: bool = False, detail: str = ""
) -> Handled:
    """End this message and have the same change looked at after `delay`; `failed` counts as an attempt."""
    again = replace(change, attempt=change.attempt + failed)
    return Handled(outcome=Outcome.DELAYED, reason=reason, again=again, delay=delay, detail=detail)


def after_trouble(error: JoinlinkError, change: EventChange, uniform: Uniform) -> Handled:
    """Return what an error of Graph or of storage makes of the message: the trouble table of the design."""
    kind, detail = type(error), str(error)
    if isinstance(error, Throttled):
        wait = delays.after_throttling(error.retry_after, uniform)
        return later(change, Reason.THROTTLED, wait, detail=detail)
    if kind in _PASSING:
        wait = delays.backoff(change.attempt, uniform)
        return later(change, _PASSING[kind], wait, failed=True, detail=detail)
    if kind is EventNotFound and change.attempt < len(delays.LOOK_AGAIN):
        wait = delays.LOOK_AGAIN[change.attempt]
        return later(change, Reason.NOT_FOUND_YET, wait, failed=True, detail=detail)
    if kind in _FINAL:
        outcome, reason = _FINAL[kind]
        return Handled(outcome=outcome, reason=reason, detail=detail)
    return failed(Reason.UNEXPECTED_ANSWER, detail)


def failed(reason: Reason, detail: str) -> Handled:
    """Set the message aside: it goes to poison with what is said here."""
    return Handled(outcome=Outcome.FAILED, reason=reason, poison=detail, detail=detail)


def within_a_day(handled: Handled, change: EventChange, now: datetime) -> Handled:
    """Return `handled`, or the end of a change whose trouble has lasted longer than a day."""
    if handled.again is None or now - change.received <= delays.LONGEST_TROUBLE:
        return handled
    return failed(Reason.TOO_OLD, f"still {handled.reason} after 24 hours: {handled.detail}")
