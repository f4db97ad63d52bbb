from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from shared.domain.messages import EventChange, MailboxTask, Message, Source, TaskKind, TaskReason
from shared.errors import QueueUnavailable
from shared.worker.webhook.batch import Batch, OutgoingMessage
from shared.worker.webhook.sender_pool import SenderPool
from tests.stepped_clock import SteppedClock

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
POISON_KEEPS_BYTES = 7_000


class Queue:
    """A queue that takes messages; a cleared `latch` blocks senders, `error` is raised to them."""

    name = "q"

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.asked = Event()
        self.latch = Event()
        self.latch.set()
        self.error: Exception | None = None

    def send(self, text: str, delay: timedelta = timedelta(0)) -> None:
        assert delay == timedelta(0)
        self.asked.set()
        self.latch.wait()
        if self.error:
            raise self.error
        self.texts.append(text)


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def pool(clock: SteppedClock) -> Iterator[SenderPool]:
    created = SenderPool(clock)
    yield created
    created.close()


def change(number: int) -> EventChange:
    return EventChange(
        mailbox="aaaaaaaa-0000-4000-8000-000000000001",
        event=f"{number:0150}",
        source=Source.NOTIFICATION,
        received=NOW,
        trace=f"{number:032}",
    )


def outgoing(queue: Queue, *messages: Message) -> list[OutgoingMessage]:
    return [OutgoingMessage(queue, message, timedelta(0)) for message in messages]


def test_every_change_has_its_own_message(queue: Queue, pool: SenderPool, clock: SteppedClock) -> None:
    """While there is time."""
    changes = [change(n) for n in range(40)]
    pool.send(outgoing(queue, *changes), clock() + 60)

    assert sorted(one.encode() for one in changes) == sorted(queue.texts)


@pytest.mark.parametrize(
    ("count", "seconds"),
    [pytest.param(150, 0.8, id="little time"), pytest.param(400, 60, id="many changes")],
)
def test_when_time_is_short_changes_share_messages(
    queue: Queue, pool: SenderPool, clock: SteppedClock, count: int, seconds: float
) -> None:
    """All arrive, in a few messages that a poison queue can keep whole; a task keeps its own message."""
    changes = [change(n) for n in range(count)]
    task = MailboxTask(
        mailbox="aaaaaaaa-0000-4000-8000-000000000001",
        task=TaskKind.SWEEP,
        reason=TaskReason.MISSED,
        trace="t",
    )
    pool.send(outgoing(queue, *changes, task), clock() + seconds)
    queue.texts.remove(task.encode())
    arrived = [one for text in queue.texts for one in EventChange.decode(text).split()]

    assert sorted(changes, key=lambda one: one.event) == sorted(arrived, key=lambda one: one.event)
    assert len(queue.texts) < 210
    assert len(queue.texts) < count
    assert max(len(text.encode()) for text in queue.texts) < POISON_KEEPS_BYTES


def test_a_post_ends_at_its_deadline_and_drops_its_waiting_messages(
    queue: Queue, pool: SenderPool, clock: SteppedClock
) -> None:
    """A message that is being sent may still arrive; no other is sent for a POST that was refused."""
    queue.latch.clear()
    messages, end = outgoing(queue, *(change(n) for n in range(90))), clock() + 0.3
    with ThreadPoolExecutor(1) as thread:
        sending = thread.submit(pool.send, messages, end)
        queue.asked.wait()
        clock.seconds = end
        with pytest.raises(QueueUnavailable, match="0 of 90 messages were queued in time"):
            sending.result()
    queue.latch.set()
    pool.close()

    assert sum(1 + len(EventChange.decode(text).batched) for text in queue.texts) <= 90
    assert len(queue.texts) <= 32


def test_the_first_refusal_ends_a_post(queue: Queue, pool: SenderPool, clock: SteppedClock) -> None:
    """The error names the progress; an unexpected error is raised unchanged."""
    queue.error = QueueUnavailable("queue q did not take a message")
    with pytest.raises(QueueUnavailable, match=r"0 of 2 messages .* queue q did not"):
        pool.send(outgoing(queue, change(1), change(2)), clock() + 60)
    queue.error = LookupError("x")
    with pytest.raises(LookupError):
        pool.send(outgoing(queue, change(1)), clock() + 60)


def test_event_ids_of_the_maximum_length_fit(queue: Queue) -> None:
    """1,024 characters each: a message has room for four more, not five."""
    long = [
        EventChange(
            mailbox="aaaaaaaa-0000-4000-8000-000000000001",
            event="e" * 1024,
            source=Source.NOTIFICATION,
            received=NOW,
            trace=str(n),
        )
        for n in range(10)
    ]
    first = Batch(outgoing(queue, *long)).next(combine=True)

    assert first is not None
    assert len(first.message.encode()) < POISON_KEEPS_BYTES
    assert isinstance(first.message, EventChange)
    assert len(first.message.split()) == 5
