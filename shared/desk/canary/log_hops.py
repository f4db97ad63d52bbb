"""The hops that only the app's log or its record of writes shows: notified and decided. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from shared.desk.canary.canary_plan import CanaryExpectation
from shared.desk.canary.hops import Hop, HopResult
from shared.desk.trial.decision_log import LoggedDecision
from shared.domain.decision import Outcome, Reason
from shared.domain.meeting import Meeting

_WITHOUT_LOG = "unknown: --workspace reads it from the app's log"
_NOT_NOTIFIED = (
    "joinlink status (queues, subscriptions), joinlink doctor --mailbox (the notification URL), and"
    " notification.rejected in the log"
)


def is_expected(decision: LoggedDecision, expectation: CanaryExpectation) -> bool:
    """Return whether this is the decision that the canary waits for."""
    match expectation:
        case CanaryExpectation.LINK:
            return decision.outcome == Outcome.ENABLED
        case CanaryExpectation.REPORT:
            return decision.outcome == Outcome.WOULD_ENABLE
        case CanaryExpectation.LEFT:
            return decision.reason == Reason.ALREADY_ONLINE


def logged_hops(
    decisions: Sequence[LoggedDecision],
    expectation: CanaryExpectation,
    created: datetime,
    *,
    is_patched: bool,
) -> Iterator[HopResult]:
    """Yield both hops by the lines about the event; `is_patched`, the app's write was seen."""
    if not decisions and is_patched:
        text = "unknown: the app wrote, and its log does not show the event yet; Azure shows lines late"
        yield HopResult(hop=Hop.NOTIFIED, is_ok=None, text=text)
        yield HopResult(hop=Hop.DECIDED, is_ok=None, text=text)
        return
    yield _notified(decisions, created)
    yield _decided(decisions, expectation, created)


def recorded_hops(meeting: Meeting | None) -> Iterator[HopResult]:
    """Yield both hops without a log: the app's record of writes shows that it decided, but not why."""
    yield HopResult(hop=Hop.NOTIFIED, is_ok=None, text=_WITHOUT_LOG)
    if meeting is None:
        yield HopResult(hop=Hop.DECIDED, is_ok=None, text=_WITHOUT_LOG)
        return
    by = f", rule {meeting.rule}" if meeting.rule else ""
    yield HopResult(hop=Hop.DECIDED, is_ok=True, text=f"recorded by the app as {meeting.state}{by}")


def unread_hops(problem: str) -> Iterator[HopResult]:
    """Yield both hops where the log can't be read."""
    for hop in (Hop.NOTIFIED, Hop.DECIDED):
        yield HopResult(hop=hop, is_ok=None, text=f"unknown: {problem}")


def _notified(decisions: Sequence[LoggedDecision], created: datetime) -> HopResult:
    notified = next((each for each in decisions if each.is_notified), None)
    if notified:
        after = max(notified.queued - created, timedelta(0))
        return HopResult(
            hop=Hop.NOTIFIED, is_ok=True, text="Graph's notification is on the queue", after=after
        )
    if decisions:
        text = f"no notification: the app found the event otherwise ({decisions[0].source})"
    else:
        text = "the app's log has no line about the event"
    return HopResult(hop=Hop.NOTIFIED, is_ok=False, text=text, check_next=_NOT_NOTIFIED)


def _decided(
    decisions: Sequence[LoggedDecision], expectation: CanaryExpectation, created: datetime
) -> HopResult:
    expected = next((each for each in decisions if is_expected(each, expectation)), None)
    shown = expected or (decisions[-1] if decisions else None)
    if shown is None:
        text = "the app's log has no line about the event"
        return HopResult(hop=Hop.DECIDED, is_ok=False, text=text, check_next=_NOT_NOTIFIED)
    by = f", rule {shown.rule}" if shown.rule else ""
    return HopResult(
        hop=Hop.DECIDED,
        is_ok=expected is not None,
        text=f"{shown.outcome}, {shown.reason}{by}",
        after=max(shown.at - created, timedelta(0)),
        check_next="" if expected else f"what {shown.reason} means: docs/decisions.md",
    )
