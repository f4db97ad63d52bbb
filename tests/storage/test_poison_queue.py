from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from azure.storage.queue import QueueClient

from sandbox.azurite import Azurite
from shared.errors import QueueUnavailable
from shared.settings import StorageSettings
from shared.storage.poison_queue import LEASE, PoisonQueue
from shared.storage.queue_metrics import QueueMetrics, QueueMonitor
from shared.storage.queues import POISON_SUFFIX, MessageQueue

NOWHERE = StorageSettings(
    connection_string="AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/a"
)


@pytest.fixture
def storage(azurite: Azurite) -> StorageSettings:
    return StorageSettings(connection_string=azurite.connection_string)


@pytest.fixture
def name(unique: Callable[[str], str]) -> str:
    return unique("q")


@pytest.fixture
def poison(name: str, storage: StorageSettings) -> Iterator[PoisonQueue]:
    connected = PoisonQueue.connect(name, storage, None)
    yield connected
    connected.close()


@pytest.fixture
def monitor(name: str, storage: StorageSettings) -> Iterator[QueueMonitor]:
    connected = QueueMonitor.connect(name + POISON_SUFFIX, storage, None)
    yield connected
    connected.close()


def fill(name: str, storage: StorageSettings, *texts: str) -> None:
    queue = MessageQueue.connect(name + POISON_SUFFIX, storage, None)
    for text in texts:
        queue.send(text)
    queue.close()


def test_every_message_is_leased_once(name: str, storage: StorageSettings, poison: PoisonQueue) -> None:
    """Across pages; a second caller gets none."""
    texts = {f"message {number}" for number in range(40)}
    fill(name, storage, *texts)

    assert {leased.body.decode() for leased in poison.lease()} == texts
    assert list(poison.lease()) == []


def test_a_lease_that_is_not_released_ends(
    name: str, storage: StorageSettings, poison: PoisonQueue, azurite: Azurite
) -> None:
    """A killed command does not block the queue for long."""
    fill(name, storage, "one")
    assert len(list(poison.lease())) == 1
    azurite.advance(LEASE + timedelta(seconds=1))

    assert len(list(poison.lease())) == 1


def test_a_released_message_is_visible_again(
    name: str, storage: StorageSettings, poison: PoisonQueue
) -> None:
    """At once. A deleted message is not."""
    fill(name, storage, "stays", "goes")
    for leased in list(poison.lease()):
        poison.release(leased) if leased.body == b"stays" else poison.delete(leased)

    assert [leased.body for leased in poison.lease()] == [b"stays"]


def test_a_message_that_is_not_base64_is_readable(
    name: str, storage: StorageSettings, poison: PoisonQueue, monitor: QueueMonitor
) -> None:
    """The host moves messages unchanged."""
    fill(name, storage, "ours")
    with QueueClient.from_connection_string(storage.connection_string, name + POISON_SUFFIX) as client:
        client.send_message("<never> ours")

    assert monitor.read().messages == 2
    assert sorted(leased.body for leased in poison.lease()) == [b"<never> ours", b"ours"]


def test_a_missing_queue_is_empty(poison: PoisonQueue, monitor: QueueMonitor) -> None:
    """The first message creates it."""
    assert list(poison.lease()) == []
    assert monitor.read() == QueueMetrics(0)


def test_the_age_of_the_oldest_message_is_measured(
    name: str, storage: StorageSettings, monitor: QueueMonitor, azurite: Azurite
) -> None:
    """By the service's own clock. An invisible message counts, and is not late."""
    queue = MessageQueue.connect(name + POISON_SUFFIX, storage, None)
    queue.send("hidden", timedelta(days=1))
    assert monitor.read() == QueueMetrics(1)
    queue.send("first")
    azurite.advance(timedelta(hours=2))
    queue.send("second")
    queue.close()
    found = monitor.read()

    assert found.messages == 3
    assert found.oldest is not None
    assert timedelta(hours=2) <= found.oldest < timedelta(hours=2, minutes=1)


def test_a_service_that_does_not_answer_is_an_error() -> None:
    """It names the queue."""
    poison, monitor = PoisonQueue.connect("q", NOWHERE, None), QueueMonitor.connect("q", NOWHERE, None)
    with pytest.raises(QueueUnavailable, match="queue q-poison is not available"):
        list(poison.lease())
    with pytest.raises(QueueUnavailable, match="queue q is not available"):
        monitor.read()
    poison.close()
    monitor.close()
