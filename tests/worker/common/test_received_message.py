import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.deadline import seconds_left
from shared.domain.decision import Outcome, Reason
from shared.domain.later_message import LaterMessage
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
CHANGE = EventChange(
    mailbox="aaaaaaaa-0000-4000-8000-000000000001",
    event="e",
    source=Source.NOTIFICATION,
    received=NOW,
    trace="t",
)
TASK = MailboxTask(
    mailbox="aaaaaaaa-0000-4000-8000-000000000001",
    task=TaskKind.SWEEP,
    reason=TaskReason.SCHEDULE,
    trace="t",
    mark="page 2",
)
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
    """Deliver a message, or any other body."""
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
def test_a_message_that_returns_is_sent_again_by_itself(message: EventChange | MailboxTask) -> None:
    """It is not handled with the others that returned, but a little later, at a random time."""
    waits = []
    for returns in range(MAX_RETURNS - 1):
        handled = play(replace(message, returns=returns), raising(AssertionError()), dequeue_count=2)
        waits.append(handled.ending.delay)
        assert (handled.ending.outcome, handled.ending.reason) == (Outcome.DELAYED, Reason.WORKER_LOST)
        assert handled.ending.next_message == replace(message, returns=returns + 1)
    last = play(replace(message, returns=MAX_RETURNS - 1), raising(AssertionError()), dequeue_count=2)

    assert waits == sorted(waits)
    assert timedelta(seconds=1) <= waits[0] <= waits[-1] <= timedelta(minutes=3)
    assert (last.ending.outcome, last.ending.reason) == (Outcome.FAILED, Reason.WORKER_LOST)


def test_a_delivery_that_ends_resets_the_count_of_returns() -> None:
    """Roll-outs may return a message several times over some weeks."""
    waiting = play(
        replace(CHANGE, returns=3), lambda change: retry_later(change, Reason.THROTTLED, timedelta(1))
    )

    assert waiting.ending.next_message == CHANGE


def test_every_message_has_a_minute() -> None:
    """Calls of the handler know the time that is left; ten seconds are kept for its ending."""
    left: list[float] = []

    def handle(_change: object) -> Ending:
        left.append(seconds_left(1_000))
        return DONE

    play(CHANGE, handle)

    assert 40 < left[0] <= 50
    assert seconds_left(1_000) == 1_000


THROTTLED = Throttled("c", retry_after=timedelta(seconds=600), status=429, code="", request_id="")


def hiding(first: Exception, then: Exception) -> Exception:
    """Return an error that was raised while another one was handled."""
    then.__context__ = first
    return then


@pytest.mark.parametrize(
    ("error", "reason", "seconds"),
    [
        pytest.param(OutOfTime("over"), Reason.OUT_OF_TIME, 30, id="out of time"),
        pytest.param(GraphUnavailable("c"), Reason.GRAPH_UNAVAILABLE, 30, id="Graph fails"),
        pytest.param(StorageUnavailable("t"), Reason.STORAGE_UNAVAILABLE, 30, id="a table fails"),
        pytest.param(QueueUnavailable("q"), Reason.STORAGE_UNAVAILABLE, 30, id="a queue fails"),
        pytest.param(hiding(THROTTLED, StorageUnavailable("t")), Reason.THROTTLED, 600, id="throttled, and clean-up failed"),
        pytest.param(ValueError("Merger with Bo"), Reason.UNEXPECTED_ERROR, 30, id="unexpected"),
        pytest.param(RecursionError(), Reason.UNEXPECTED_ERROR, 30, id="recursion"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("message", [CHANGE, TASK], ids=["a change", "a task"])
def test_after_any_error_the_message_is_sent_again(
    message: EventChange | MailboxTask, error: Exception, reason: Reason, seconds: int
) -> None:
    """Joinlink sends it, with a delay. So a second delivery by the host always means that the process died."""
    handled = play(message, raising(error)).ending

    assert (handled.outcome, handled.reason, handled.left_to_host) == (Outcome.DELAYED, reason, False)
    assert handled.delay >= timedelta(seconds=seconds)
    assert handled.next_message is not None
    assert "Merger" not in handled.detail


def test_the_fifth_unexpected_error_ends_in_the_poison_queue() -> None:
    """Attempts after other errors don't count: after an outage of a day it still has five."""
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
def test_a_message_of_a_later_version_waits_for_a_day(ahead: timedelta) -> None:
    """The queue service's clock counts, not the worker's. The message stays unchanged."""
    first = play(LATER, now=NOW + ahead, queued=NOW, taken=NOW).ending
    assert first.next_message == LaterMessage(LATER, NOW)
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
def test_an_unknown_value_is_one_of_a_later_version(body: str) -> None:
    """So the message waits for that version."""
    assert play(body).ending.reason is Reason.LATER_VERSION


def test_unknown_keys_are_ignored() -> None:
    """Later versions only add optional keys."""
    body = json.dumps({**json.loads(CHANGE.encode()), "colour": "blue"})

    assert play(body).message == CHANGE


def test_a_waiting_message_is_handled_by_its_version() -> None:
    """The envelope is removed."""
    handled = play(LaterMessage(CHANGE.encode(), NOW).encode())

    assert (handled.message, handled.ending, handled.body) == (CHANGE, DONE, CHANGE.encode().encode())


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")), st.integers(1, 6))
def test_every_body_has_an_ending(body: bytes, count: int) -> None:
    """Whatever is in the queue, no error escapes."""
    assert play(body, dequeue_count=count).ending.outcome in {
        Outcome.FAILED,
        Outcome.DELAYED,
        Outcome.SKIPPED,
    }


@given(st.text(), st.datetimes(timezones=st.just(UTC)))
def test_an_envelope_survives_the_queue(message: str, since: datetime) -> None:
    """It is decoded to the same value."""
    assert LaterMessage.read(LaterMessage(message, since).encode().encode()) == LaterMessage(message, since)


class _Queue:
    """A queue that raises an error, or keeps what was sent."""

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
        pytest.param(QueueUnavailable("q"), Reason.STORAGE_UNAVAILABLE, id="it fails"),
        pytest.param(OutOfTime("over"), Reason.STORAGE_UNAVAILABLE, id="out of time"),
        pytest.param(UnicodeEncodeError("utf-8", "x", 0, 1, ""), Reason.UNEXPECTED_ERROR, id="unexpected"),
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_sent_is_left_to_the_host(error: Exception, reason: Reason) -> None:
    """It still ends in one log line."""
    delivery = EndingDelivery(world=world(), queue=_Queue(error), poison=_Queue(error))
    handled_message = HandledMessage(CHANGE, b"", retry_later(CHANGE, Reason.THROTTLED, timedelta(1)))
    handled = delivery.carry_out(handled_message)

    assert (handled.outcome, handled.reason, handled.left_to_host) == (Outcome.DELAYED, reason, True)


@pytest.mark.parametrize("letter", ["a", '"', "ä", "\\"])
def test_a_message_of_a_later_version_that_is_as_long_as_possible_is_kept(letter: str) -> None:
    """It is sent without the envelope, which does not fit."""
    text = json.dumps(
        {"v": 2, "x": letter * (45_000 // len(json.dumps(letter).encode()))}, ensure_ascii=False
    )
    queue = _Queue()
    handled = play(text)
    EndingDelivery(world=world(), queue=queue, poison=queue).carry_out(handled)
    [sent] = queue.sent

    assert len(sent.encode()) <= 48 * 1024
    assert play(sent).body == text.encode()


def test_running_out_of_time_in_clean_up_does_not_hide_throttling() -> None:
    """Joinlink waits as long as Graph requests, even if the clean-up fails."""

    def handle(_message: object) -> Ending:
        try:
            raise Throttled("c", retry_after=timedelta(hours=1), status=429, code="", request_id="")
        finally:
            raise OutOfTime("the deadline of this message has passed")

    handled = play(TASK, handle).ending

    assert handled.reason is Reason.THROTTLED
    assert handled.delay >= timedelta(hours=1)
