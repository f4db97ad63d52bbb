from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import EventChange, Message, Source
from shared.errors import (
    EventNotFound,
    Forbidden,
    GraphUnavailable,
    JoinlinkError,
    MailboxUnusable,
    StorageUnavailable,
    Throttled,
    Unauthorized,
    UnexpectedAnswer,
)
from shared.worker.handled import after_trouble, later

RECEIVED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
THROTTLED = Throttled("c", retry_after=timedelta(seconds=7), status=429, code="", request_id="")


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def change(attempt: int = 0) -> EventChange:
    return EventChange(
        mailbox="m", event="e", source=Source.NOTIFICATION, received=RECEIVED, trace="t", attempt=attempt
    )


@pytest.mark.parametrize(
    ("error", "attempt", "reason", "seconds", "next_attempt"),
    [
        # Retry-After and half of the 5 s spread; waiting is no failure, so the attempt stays
        pytest.param(THROTTLED, 3, Reason.THROTTLED, 9.5, 3, id="throttled"),
        pytest.param(GraphUnavailable("c"), 0, Reason.GRAPH_UNAVAILABLE, 30, 1, id="Graph away"),
        pytest.param(GraphUnavailable("c"), 3, Reason.GRAPH_UNAVAILABLE, 240, 4, id="still away: 30 s x 2^3"),
        pytest.param(GraphUnavailable("c"), 29, Reason.GRAPH_UNAVAILABLE, 3600, 30, id="away for long: an hour at most"),
        pytest.param(StorageUnavailable("t"), 1, Reason.STORAGE_UNAVAILABLE, 60, 2, id="tables away"),
        pytest.param(Unauthorized("c", status=401), 0, Reason.UNAUTHORIZED, 30, 1, id="credential refused"),
    ],
)  # fmt: skip
def test_passing_trouble_is_tried_again(
    error: JoinlinkError, attempt: int, reason: Reason, seconds: float, next_attempt: int
) -> None:
    """The change is sent again after a wait that fits its trouble."""
    handled = after_trouble(error, change(attempt), middle)

    assert (handled.outcome, handled.reason) == (Outcome.DELAYED, reason)
    assert handled.delay == timedelta(seconds=seconds)
    assert handled.again == change(next_attempt)


@pytest.mark.parametrize(
    ("error", "attempt", "outcome", "poisoned"),
    [
        pytest.param(Forbidden("c", status=403), 0, Outcome.FORBIDDEN, False, id="forbidden"),
        pytest.param(MailboxUnusable("c", status=404), 0, Outcome.MAILBOX_UNUSABLE, False, id="no mailbox"),
        pytest.param(UnexpectedAnswer("c", status=400), 0, Outcome.FAILED, True, id="refused for good"),
    ],
)
def test_lasting_trouble_ends_the_message(
    error: JoinlinkError, attempt: int, outcome: Outcome, poisoned: bool
) -> None:
    """Only what we don't understand goes to poison."""
    handled = after_trouble(error, change(attempt), middle)

    assert handled.outcome is outcome
    assert handled.again is None
    assert bool(handled.poison) is poisoned


@pytest.mark.parametrize("attempt", [0, 7])
def test_an_event_that_is_not_found_is_looked_for_twice_more(attempt: int) -> None:
    """After 30 s and after 5 min, whatever trouble there was before; then it is gone."""
    first, second, third = (
        after_trouble(EventNotFound("c", status=404), replace(change(attempt), not_found=looks), middle)
        for looks in (0, 1, 2)
    )

    assert (first.delay, second.delay) == (timedelta(seconds=30), timedelta(minutes=5))
    assert first.again == replace(change(attempt), not_found=1)
    assert (third.outcome, third.again) == (Outcome.GONE, None)


def test_trouble_ends_in_poison_after_a_day() -> None:
    """A four-hour outage loses nothing; what lasts longer than a day of tries needs a person."""
    waits = timedelta(0)
    tried: Message = change()
    while (handled := after_trouble(GraphUnavailable("c", status=500), tried, middle)).again:
        assert isinstance(handled.again, EventChange)
        waits, tried = waits + handled.delay, handled.again

    assert (handled.outcome, handled.reason) == (Outcome.FAILED, Reason.TOO_OLD)
    assert "graph_unavailable" in str(handled.poison)
    assert timedelta(hours=23) < waits < timedelta(hours=25)


def test_a_busy_mailbox_costs_no_attempt() -> None:
    """Stepping back is no failure."""
    assert later(change(2), Reason.MAILBOX_BUSY, timedelta(seconds=3)).again == change(2)
