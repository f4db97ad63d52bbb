import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.deadline import seconds_left
from shared.domain.decision import Outcome, Reason
from shared.domain.later import Later
from shared.domain.messages import EventChange, MailboxTask, Source, TaskKind, TaskReason
from shared.errors import GraphUnavailable, OutOfTime, QueueUnavailable, StorageUnavailable, Throttled
from shared.worker.common.ending import Ending, retry_later
from shared.worker.common.ending_delivery import EndingDelivery
from shared.worker.common.received_message import (
    MAX_ERRORS,
    MAX_RETURNS,
    MAX_VERSION_WAIT,
    VERSION_RETRY_DELAY,
    HandledMessage,
    ReceivedMessage,
    handle_received,
)
from shared.worker.common.world import World

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CHANGE = EventChange(mailbox="m", event="e", source=Source.NOTIFICATION, received=NOW, trace="t")
TASK = MailboxTask(mailbox="m", task=TaskKind.SWEEP, reason=TaskReason.SCHEDULE, trace="t", mark="page 2")
DONE = Ending(outcome=Outcome.SKIPPED, reason=Reason.NO_RULE_MATCHED)
LATER = '{"v":2,"events":["e"]}'


def world(now: datetime = NOW) -> World:
    return World(now=lambda: now, uniform=lambda low, high: (low + high) / 2)


def play(
    message: EventChange | MailboxTask | str | bytes,
    handle: Callable[[Any], Ending] = lambda _message: DONE,
    *,
    now: datetime = NOW,
    **delivery: Any,
) -> HandledMessage[EventChange]:
    """Deliver a message, or what else is in the queue."""
    body = (
        message
        if isinstance(message, bytes)
        else (message if isinstance(message, str) else message.encode()).encode()
    )
    decode = MailboxTask.decode if isinstance(message, MailboxTask) else EventChange.decode
    return handle_received(ReceivedMessage(body=body, **delivery), decode, handle, world(now))


def raising(error: Exception) -> Callable[[Any], Ending]:
    def handle(_message: object) -> Ending:
        raise error

    return handle


@pytest.mark.parametrize("message", [CHANGE, TASK], ids=["a change", "a task"])
def test_a_message_that_comes_back_is_sent_again_alone(message: EventChange | MailboxTask) -> None:
    """It is not handled now, among those that it came back with, but soon, at a moment of its own."""
    waits = []
    for returns in range(MAX_RETURNS - 1):
        ended = play(replace(message, returns=returns), raising(AssertionError()), dequeue_count=2)
        waits.append(ended.ending.delay)
        assert (ended.ending.outcome, ended.ending.reason) == (Outcome.DELAYED, Reason.WORKER_LOST)
        assert ended.ending.next_message == replace(message, returns=returns + 1)
    last = play(replace(message, returns=MAX_RETURNS - 1), raising(AssertionError()), dequeue_count=2)

    assert waits == sorted(waits)
    assert timedelta(seconds=1) <= waits[0] <= waits[-1] <= timedelta(minutes=3)
    assert (last.ending.outcome, last.ending.reason) == (Outcome.FAILED, Reason.WORKER_LOST)


def test_a_delivery_that_ends_starts_the_count_of_returns_again() -> None:
    """A roll-out may return a message now and then for weeks."""
    waiting = play(
        replace(CHANGE, returns=3), lambda change: retry_later(change, Reason.THROTTLED, timedelta(1))
    )

    assert waiting.ending.next_message == CHANGE


def test_every_message_has_a_minute_in_all() -> None:
    """The calls inside know how much is left, and nothing is left of it outside."""
    left: list[float] = []

    def handle(_change: object) -> Ending:
        left.append(seconds_left(1_000))
        return DONE

    play(CHANGE, handle)

    assert 50 < left[0] <= 60
    assert seconds_left(1_000) == 1_000


THROTTLED = Throttled("c", retry_after=timedelta(seconds=600), status=429, code="", request_id="")


def hiding(first: Exception, then: Exception) -> Exception:
    """Return an error that was raised while another one was handled."""
    then.__context__ = first
    return then


@pytest.mark.parametrize(
    ("error", "reason", "seconds"),
    [
        pytest.param(OutOfTime("over"), Reason.OUT_OF_TIME, 30, id="its time is over"),
        pytest.param(GraphUnavailable("c"), Reason.GRAPH_UNAVAILABLE, 30, id="Graph is away"),
        pytest.param(StorageUnavailable("t"), Reason.STORAGE_UNAVAILABLE, 30, id="a table is away"),
        pytest.param(QueueUnavailable("q"), Reason.STORAGE_UNAVAILABLE, 30, id="a queue is away"),
        pytest.param(hiding(THROTTLED, StorageUnavailable("t")), Reason.THROTTLED, 600, id="throttled, and clean-up failed"),
        pytest.param(ValueError("Merger with Bo"), Reason.UNEXPECTED_ERROR, 30, id="nobody foresaw it"),
        pytest.param(RecursionError(), Reason.UNEXPECTED_ERROR, 30, id="too deep"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("message", [CHANGE, TASK], ids=["a change", "a task"])
def test_whatever_is_raised_the_message_is_sent_again(
    message: EventChange | MailboxTask, error: Exception, reason: Reason, seconds: int
) -> None:
    """By us, with a wait: so a second delivery always means that the process was lost."""
    handled = play(message, raising(error)).ending

    assert (handled.outcome, handled.reason, handled.left_to_host) == (Outcome.DELAYED, reason, False)
    assert handled.delay >= timedelta(seconds=seconds)
    assert handled.next_message is not None
    assert "Merger" not in handled.detail


def test_an_error_that_nobody_foresaw_ends_in_poison_at_the_fifth_time() -> None:
    """Tries of another trouble don't count: after an outage of a day it still has five."""
    tried = replace(CHANGE, attempt=29)
    reasons = []
    for _ in range(MAX_ERRORS):
        handled = play(tried, raising(ValueError())).ending
        reasons.append(handled.outcome)
        if isinstance(handled.next_message, EventChange):
            tried = handled.next_message

    assert reasons == [Outcome.DELAYED] * 4 + [Outcome.FAILED]
    assert tried.attempt == 29


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=400), timedelta(days=-400)])
def test_a_later_version_has_a_day_to_come_back(ahead: timedelta) -> None:
    """By the queue service's clock, whatever ours says; the message stays as it was."""
    first = play(LATER, now=NOW + ahead, queued=NOW, taken=NOW).ending
    assert first.next_message == Later(LATER, NOW)
    assert (first.reason, first.delay) == (Reason.LATER_VERSION, VERSION_RETRY_DELAY)

    taken = NOW + MAX_VERSION_WAIT - timedelta(seconds=1)
    second = play(first.next_message.encode(), now=NOW + ahead, queued=taken, taken=taken).ending
    assert second.next_message == first.next_message

    last = play(first.next_message.encode(), now=NOW + ahead, queued=NOW, taken=NOW + MAX_VERSION_WAIT)
    assert (last.ending.outcome, last.ending.reason) == (Outcome.FAILED, Reason.LATER_VERSION)
    assert last.body == LATER.encode()


LATER_BODIES = [
    pytest.param(json.dumps({**json.loads(CHANGE.encode()), "v": 2}), id="a later version"),
    pytest.param(
        json.dumps({**json.loads(CHANGE.encode()), "source": "telepathy"}), id="a source of a later version"
    ),
]


@pytest.mark.parametrize("body", LATER_BODIES)
def test_what_only_a_later_version_knows_waits(body: str) -> None:
    """A word that we don't know is one that a later version has added."""
    assert play(body).ending.reason is Reason.LATER_VERSION


def test_keys_that_only_a_later_version_knows_are_passed_over() -> None:
    """Messages only ever gain optional keys."""
    body = json.dumps({**json.loads(CHANGE.encode()), "colour": "blue"})

    assert play(body).message == CHANGE


def test_what_waited_is_handled_by_the_version_that_knows_it() -> None:
    """The envelope is taken off."""
    ended = play(Later(CHANGE.encode(), NOW).encode())

    assert (ended.message, ended.ending, ended.body) == (CHANGE, DONE, CHANGE.encode().encode())


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")), st.integers(1, 6))
def test_no_body_is_without_an_end(body: bytes, count: int) -> None:
    """Whatever is on the queue."""
    assert play(body, dequeue_count=count).ending.outcome in {
        Outcome.FAILED,
        Outcome.DELAYED,
        Outcome.SKIPPED,
    }


@given(st.text(), st.datetimes(timezones=st.just(UTC)))
def test_an_envelope_survives_the_queue(message: str, since: datetime) -> None:
    """What is encoded is unwrapped to the same value."""
    assert Later.unwrapped(Later(message, since).encode().encode()) == Later(message, since)


class _Queue:
    """A queue that takes nothing, or remembers what it was given."""

    name = "event-changes"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[str] = []

    def send(self, text: str, _delay: timedelta = timedelta(0)) -> None:
        if self.error:
            raise self.error
        self.sent.append(text)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(QueueUnavailable("q"), Reason.STORAGE_UNAVAILABLE, id="it is away"),
        pytest.param(OutOfTime("over"), Reason.STORAGE_UNAVAILABLE, id="it hangs"),
        pytest.param(UnicodeEncodeError("utf-8", "x", 0, 1, ""), Reason.UNEXPECTED_ERROR, id="nobody foresaw it"),
    ],
)  # fmt: skip
def test_only_what_no_queue_takes_is_left_to_the_host(error: Exception, reason: Reason) -> None:
    """And it still ends in one line."""
    carrier = EndingDelivery(world=world(), queue=_Queue(error), poison=_Queue(error))
    ended = HandledMessage(CHANGE, b"", retry_later(CHANGE, Reason.THROTTLED, timedelta(1)))
    handled = carrier.carry_out(ended)

    assert (handled.outcome, handled.reason, handled.left_to_host) == (Outcome.DELAYED, reason, True)


@pytest.mark.parametrize("letter", ["a", '"', "ä", "\\"])
def test_a_later_message_that_fills_its_queue_is_kept_whole(letter: str) -> None:
    """The envelope is left off where it does not fit."""
    text = json.dumps(
        {"v": 2, "x": letter * (45_000 // len(json.dumps(letter).encode()))}, ensure_ascii=False
    )
    queue = _Queue()
    ended = play(text)
    EndingDelivery(world=world(), queue=queue, poison=queue).carry_out(ended)
    [sent] = queue.sent

    assert len(sent.encode()) <= 48 * 1024
    assert play(sent).body == text.encode()


def test_time_that_is_over_in_clean_up_hides_no_throttling() -> None:
    """Graph's wait holds, however the clean-up behind it ends."""

    def handle(_message: object) -> Ending:
        try:
            raise Throttled("c", retry_after=timedelta(hours=1), status=429, code="", request_id="")
        finally:
            raise OutOfTime("the deadline of this message has passed")

    handled = play(TASK, handle).ending

    assert handled.reason is Reason.THROTTLED
    assert handled.delay >= timedelta(hours=1)
