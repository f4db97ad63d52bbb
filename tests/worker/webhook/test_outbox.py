import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from shared.domain.messages import EventChange, MailboxTask, Message, Source, TaskKind, TaskReason
from shared.errors import QueueUnavailable
from shared.worker.webhook.batch import Batch, Outgoing
from shared.worker.webhook.outbox import Outbox

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
POISON_KEEPS_BYTES = 7_000


class Queue:
    """A queue that takes messages; a `latch` holds senders up, an `error` is what they get."""

    name = "q"

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.latch = Event()
        self.latch.set()
        self.error: Exception | None = None

    def send(self, text: str, delay: timedelta = timedelta(0)) -> None:
        assert delay == timedelta(0)
        self.latch.wait()
        if self.error:
            raise self.error
        self.texts.append(text)


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    made = Outbox(time.monotonic)
    yield made
    made.close()


def change(number: int) -> EventChange:
    return EventChange(
        mailbox="m" * 36,
        event=f"{number:0150}",
        source=Source.NOTIFICATION,
        received=NOW,
        trace=f"{number:032}",
    )


def outgoing(queue: Queue, *messages: Message) -> list[Outgoing]:
    return [Outgoing(queue, message, timedelta(0)) for message in messages]


def test_every_change_has_a_message_of_its_own(queue: Queue, outbox: Outbox) -> None:
    """As long as there is time."""
    changes = [change(n) for n in range(40)]
    outbox.send(outgoing(queue, *changes), time.monotonic() + 60)

    assert sorted(one.encode() for one in changes) == sorted(queue.texts)


@pytest.mark.parametrize(
    ("count", "seconds"),
    [pytest.param(150, 0.8, id="little time"), pytest.param(400, 60, id="many changes")],
)
def test_when_time_is_short_changes_travel_together(
    queue: Queue, outbox: Outbox, count: int, seconds: float
) -> None:
    """All arrive, in a few messages, each of which a poison queue could keep whole; tasks go alone."""
    changes = [change(n) for n in range(count)]
    task = MailboxTask(mailbox="m", task=TaskKind.SWEEP, reason=TaskReason.MISSED, trace="t")
    outbox.send(outgoing(queue, *changes, task), time.monotonic() + seconds)
    queue.texts.remove(task.encode())
    arrived = [one for text in queue.texts for one in EventChange.decode(text).apart()]

    assert sorted(changes, key=lambda one: one.event) == sorted(arrived, key=lambda one: one.event)
    assert len(queue.texts) < 210
    assert len(queue.texts) < count
    assert max(len(text.encode()) for text in queue.texts) < POISON_KEEPS_BYTES


def test_a_post_ends_when_its_time_is_over_and_its_messages_are_forgotten(
    queue: Queue, outbox: Outbox
) -> None:
    """What a sender has in hand may still arrive; nothing else is begun for a POST that was refused."""
    queue.latch.clear()
    with pytest.raises(QueueUnavailable, match="0 of 90 messages were taken in time"):
        outbox.send(outgoing(queue, *(change(n) for n in range(90))), time.monotonic() + 0.1)
    queue.latch.set()
    outbox.close()

    assert sum(1 + len(EventChange.decode(text).fellows) for text in queue.texts) <= 90
    assert len(queue.texts) <= 32


def test_the_first_refusal_ends_a_post(queue: Queue, outbox: Outbox) -> None:
    """The error says how far it came; one that nobody foresaw stays what it is."""
    queue.error = QueueUnavailable("queue q did not take a message")
    with pytest.raises(QueueUnavailable, match=r"0 of 2 messages .* queue q did not"):
        outbox.send(outgoing(queue, change(1), change(2)), time.monotonic() + 60)
    queue.error = LookupError("x")
    with pytest.raises(LookupError):
        outbox.send(outgoing(queue, change(1)), time.monotonic() + 60)


def test_an_event_id_of_the_greatest_length_still_travels(queue: Queue) -> None:
    """1,024 characters each: five fit, not six."""
    long = [
        EventChange(mailbox="m", event="e" * 1024, source=Source.NOTIFICATION, received=NOW, trace=str(n))
        for n in range(10)
    ]
    first = Batch(outgoing(queue, *long)).next(together=True)

    assert first is not None
    assert len(first.message.encode()) < POISON_KEEPS_BYTES
    assert isinstance(first.message, EventChange)
    assert len(first.message.apart()) == 6
