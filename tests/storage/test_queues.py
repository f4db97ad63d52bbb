from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from sandbox.azurite import Azurite
from shared.errors import QueueUnavailable
from shared.settings import StorageSettings
from shared.storage.queues import MessageQueue


@pytest.fixture
def storage(azurite: Azurite) -> StorageSettings:
    return StorageSettings(connection_string=azurite.connection_string)


@pytest.fixture
def queue(storage: StorageSettings, unique: Callable[[str], str]) -> Iterator[MessageQueue]:
    connected = MessageQueue.connect(unique("q"), storage, None)
    yield connected
    connected.close()


def open_queue(storage: StorageSettings, name: str) -> QueueClient:
    return QueueClient.from_connection_string(
        storage.connection_string, name, message_decode_policy=TextBase64DecodePolicy()
    )


def test_a_message_creates_its_queue_and_never_expires(queue: MessageQueue, storage: StorageSettings) -> None:
    """Neither a missing queue nor a long weekend loses a change."""
    queue.send("héllo")
    with open_queue(storage, queue.name) as client:
        [message] = client.peek_messages()

    assert message.content == "héllo"
    assert message.expires_on is not None
    assert message.expires_on.year == 9999


def test_a_delayed_message_is_visible_after_its_delay(
    queue: MessageQueue, storage: StorageSettings, azurite: Azurite
) -> None:
    """Not a second earlier."""
    queue.send("later", timedelta(minutes=5))
    with open_queue(storage, queue.name) as client:
        assert client.peek_messages() == []
        azurite.advance(timedelta(minutes=5, seconds=1))
        assert [message.content for message in client.peek_messages()] == ["later"]


def test_a_delay_that_is_too_long_is_shortened(queue: MessageQueue, storage: StorageSettings) -> None:
    """The service allows seven days."""
    queue.send("much later", timedelta(days=30))
    with open_queue(storage, queue.name) as client:
        assert client.get_queue_properties().approximate_message_count == 1


def test_a_message_that_the_service_does_not_take_is_an_error() -> None:
    """Graph then delivers the notification again."""
    nowhere = StorageSettings(
        connection_string="AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/a"
    )
    queue = MessageQueue.connect("q", nowhere, None)
    with pytest.raises(QueueUnavailable, match="queue q did not take a message"):
        queue.send("x")
    queue.close()


def test_a_missing_queue_is_created_and_an_existing_one_is_not_changed(
    queue: MessageQueue, storage: StorageSettings
) -> None:
    """The Functions host only logs that a queue is missing, twelve times a minute."""
    queue.ensure()
    queue.send("stays")
    queue.ensure()
    with open_queue(storage, queue.name) as client:
        assert [message.content for message in client.peek_messages()] == ["stays"]


def test_a_queue_that_cant_be_created_is_an_error() -> None:
    """It names the queue."""
    nowhere = StorageSettings(
        connection_string="AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/a"
    )
    queue = MessageQueue.connect("q", nowhere, None)
    with pytest.raises(QueueUnavailable, match="queue q can't be created"):
        queue.ensure()
    queue.close()
