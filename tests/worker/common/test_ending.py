from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.decision import Outcome, Reason
from shared.domain.messages import EventChange, Message, Source
from shared.errors import (
    EventChanged,
    EventNotFound,
    Forbidden,
    GraphPaused,
    GraphUnavailable,
    JoinlinkError,
    MailboxFull,
    MailboxUnusable,
    NotConnected,
    OutOfTime,
    SecondLook,
    StateChanged,
    StorageUnavailable,
    SubscriptionLimit,
    SubscriptionTooLong,
    Throttled,
    Unauthorized,
    UnexpectedAnswer,
    UnreadableEvent,
)
from shared.worker.common.ending import ending_for_error, retry_later, wait_for_rules

RECEIVED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
THROTTLED = Throttled("c", retry_after=timedelta(seconds=7), status=429, code="", request_id="")


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def low(lowest: float, _highest: float) -> float:
    return lowest


def change(attempt: int = 0) -> EventChange:
    return EventChange(
        mailbox="m", event="e", source=Source.NOTIFICATION, received=RECEIVED, trace="t", attempt=attempt
    )


@pytest.mark.parametrize(
    ("error", "attempt", "reason", "seconds", "next_attempt"),
    [
        pytest.param(NotConnected("c"), 0, Reason.GRAPH_UNAVAILABLE, 30, 1, id="Graph can't be reached"),
        pytest.param(OutOfTime("t"), 0, Reason.OUT_OF_TIME, 30, 1, id="out of time"),
        pytest.param(EventChanged("c", status=409), 0, Reason.CHANGED_MEANWHILE, 30, 1, id="a conflict"),
        pytest.param(StateChanged("t"), 0, Reason.CHANGED_MEANWHILE, 30, 1, id="a row that changed"),
        pytest.param(MailboxFull("c", status=403), 5, Reason.MAILBOX_FULL, 3600, 6, id="a full mailbox: hourly"),
        pytest.param(SubscriptionLimit("c", status=403), 0, Reason.SUBSCRIPTION_LIMIT, 3600, 1, id="too many subscriptions: hourly"),
        pytest.param(GraphUnavailable("c"), 0, Reason.GRAPH_UNAVAILABLE, 30, 1, id="Graph fails"),
        pytest.param(GraphUnavailable("c"), 3, Reason.GRAPH_UNAVAILABLE, 240, 4, id="Graph still fails: 30 s x 2^3"),
        pytest.param(GraphUnavailable("c"), 29, Reason.GRAPH_UNAVAILABLE, 3600, 30, id="Graph fails for long: at most an hour"),
        pytest.param(StorageUnavailable("t"), 1, Reason.STORAGE_UNAVAILABLE, 60, 2, id="tables fail"),
        pytest.param(Unauthorized("c", status=401), 0, Reason.UNAUTHORIZED, 30, 1, id="credential refused"),
    ],
)  # fmt: skip
def test_temporary_errors_are_retried(
    error: JoinlinkError, attempt: int, reason: Reason, seconds: float, next_attempt: int
) -> None:
    """The change is sent again, with a delay that depends on the error."""
    ending = ending_for_error(error, change(attempt), middle)

    assert (ending.outcome, ending.reason) == (Outcome.DELAYED, reason)
    assert ending.delay == timedelta(seconds=seconds)
    assert ending.next_message == change(next_attempt)


@pytest.mark.parametrize(
    ("error", "attempt", "outcome", "poisoned"),
    [
        pytest.param(Forbidden("c", status=403), 0, Outcome.FORBIDDEN, False, id="forbidden"),
        pytest.param(MailboxUnusable("c", status=404), 0, Outcome.MAILBOX_UNUSABLE, False, id="no mailbox"),
        pytest.param(UnexpectedAnswer("c", status=400), 0, Outcome.FAILED, True, id="refused permanently"),
        pytest.param(UnreadableEvent("c"), 0, Outcome.SKIPPED, False, id="an unreadable event"),
        pytest.param(MailboxFull("c", status=403), 24, Outcome.FAILED, True, id="full for a day"),
        pytest.param(SubscriptionLimit("c", status=403), 24, Outcome.FAILED, True, id="too many for a day"),
    ],
)
def test_permanent_errors_end_the_message(
    error: JoinlinkError, attempt: int, outcome: Outcome, poisoned: bool
) -> None:
    """Only unexpected answers, and errors that last a day, go to the poison queue."""
    ending = ending_for_error(error, change(attempt), middle)

    assert ending.outcome is outcome
    assert ending.next_message is None
    assert bool(ending.poison) is poisoned


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(
            Throttled("c", retry_after=timedelta(0), status=429, code="", request_id=""), id="throttled"
        ),
        pytest.param(GraphUnavailable("c"), id="Graph fails"),
        pytest.param(StorageUnavailable("t"), id="tables fail"),
        pytest.param(EventNotFound("c", status=404), id="not found"),
        pytest.param(Forbidden("c", status=403), id="forbidden"),
        pytest.param(UnreadableEvent("c"), id="an unreadable event"),
    ],
)
def test_a_subclass_of_an_error_ends_the_message_in_the_same_way(error: JoinlinkError) -> None:
    """A new subclass needs no entry in the tables."""
    ending = ending_for_error(error, change(), middle)
    error.__class__ = type("Narrower", (type(error),), {})

    assert ending_for_error(error, change(), middle) == ending


@pytest.mark.parametrize("attempt", [0, 24, 30])
def test_a_length_that_graph_refuses_is_no_failure(attempt: int) -> None:
    """Only Graph can change it, so the task is retried every hour and never goes to the poison queue."""
    error = SubscriptionTooLong("c", longest=None, status=400, code="", request_id="")
    ending = ending_for_error(error, change(attempt), low)

    assert (ending.outcome, ending.reason) == (Outcome.DELAYED, Reason.LIFETIME_REFUSED)
    assert (ending.delay, ending.next_message) == (timedelta(hours=1), replace(change(attempt), waits=1))


@pytest.mark.parametrize("attempt", [0, 7])
def test_an_event_that_is_not_found_is_read_twice_more(attempt: int) -> None:
    """After 30 s and after 5 min, whatever failed before; then it counts as gone."""
    first, second, third = (
        ending_for_error(EventNotFound("c", status=404), replace(change(attempt), not_found=reads), middle)
        for reads in (0, 1, 2)
    )

    assert (first.delay, second.delay) == (timedelta(seconds=30), timedelta(minutes=5))
    assert first.next_message == replace(change(attempt), not_found=1)
    assert (third.outcome, third.next_message) == (Outcome.GONE, None)


def test_a_message_goes_to_the_poison_queue_after_a_day_of_errors() -> None:
    """An outage of some hours loses nothing; after a day an admin must act."""
    waits = timedelta(0)
    tried: Message = change()
    while (ending := ending_for_error(GraphUnavailable("c", status=500), tried, middle)).next_message:
        assert isinstance(ending.next_message, EventChange)
        waits, tried = waits + ending.delay, ending.next_message

    assert (ending.outcome, ending.reason) == (Outcome.FAILED, Reason.TOO_OLD)
    assert "graph_unavailable" in str(ending.poison)
    assert timedelta(hours=23) < waits < timedelta(hours=25)


PAUSED = GraphPaused("c", retry_after=timedelta(seconds=7))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(THROTTLED, Reason.THROTTLED, id="throttled"),
        pytest.param(PAUSED, Reason.GRAPH_UNAVAILABLE, id="calls are paused"),
    ],
)
def test_waiting_counts_no_attempt(error: JoinlinkError, reason: Reason) -> None:
    """It has its own count and no limit. The wait doubles, and is never shorter than Graph requests."""
    waits: list[float] = []
    tried: EventChange = change(3)
    for _ in range(9):
        ending = ending_for_error(error, tried, low)
        assert (ending.outcome, ending.reason) == (Outcome.DELAYED, reason)
        assert isinstance(ending.next_message, EventChange)
        tried, waits = ending.next_message, [*waits, ending.delay.total_seconds()]

    assert waits == [7, 10, 20, 40, 80, 160, 320, 600, 600]
    assert tried == replace(change(3), waits=9)


def test_constant_throttling_costs_twelve_calls_an_hour() -> None:
    """Even if Graph answers `Retry-After: 0` each time."""
    at_once = Throttled("c", retry_after=timedelta(0), status=429, code="", request_id="")
    calls, hour, tried = 0, timedelta(0), change()
    while hour < timedelta(hours=1):
        ending = ending_for_error(at_once, tried, low)
        assert isinstance(ending.next_message, EventChange)
        calls, hour, tried = calls + 1, hour + ending.delay, ending.next_message

    assert calls == 12


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(GraphUnavailable("c"), id="a failure"),
        pytest.param(EventNotFound("c", status=404), id="an event that is moving"),
        pytest.param(SecondLook("c"), id="a doubtful answer"),
        pytest.param(MailboxFull("c", status=403), id="a full mailbox"),
    ],
)
def test_another_error_resets_the_waits(error: JoinlinkError) -> None:
    """The throttling is over."""
    again = ending_for_error(error, replace(change(), waits=9), middle).next_message

    assert isinstance(again, EventChange)
    assert again.waits == 0


def test_without_rules_a_message_waits_forever() -> None:
    """After some minutes every ten minutes: some 150 log lines a day, not 2,880."""
    lines, day, tried = 0, timedelta(0), change()
    while day < timedelta(days=1):
        ending = wait_for_rules(tried, middle)
        assert isinstance(ending.next_message, EventChange)
        assert ending.delay <= timedelta(minutes=10)
        lines, day, tried = lines + 1, day + ending.delay, ending.next_message

    assert lines < 160
    assert tried.attempt == 0


def test_a_doubtful_answer_is_read_again_after_some_minutes() -> None:
    """That counts no attempt."""
    ending = ending_for_error(SecondLook("c"), change(2), low)

    assert (ending.reason, ending.delay, ending.next_message) == (
        Reason.SECOND_LOOK,
        timedelta(minutes=5),
        change(2),
    )


def test_a_busy_mailbox_counts_no_attempt() -> None:
    """Nothing has failed."""
    assert retry_later(change(2), Reason.MAILBOX_BUSY, timedelta(seconds=3)).next_message == change(2)
