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


def look(storage: StorageSettings, name: str) -> QueueClient:
    return QueueClient.from_connection_string(
        storage.connection_string, name, message_decode_policy=TextBase64DecodePolicy()
    )


def test_a_message_makes_its_queue_and_never_expires(queue: MessageQueue, storage: StorageSettings) -> None:
    """A missing queue is no reason to lose a change, and neither is a long weekend."""
    queue.send("héllo")
    with look(storage, queue.name) as client:
        [message] = client.peek_messages()

    assert message.content == "héllo"
    assert message.expires_on is not None
    assert message.expires_on.year == 9999


def test_a_delayed_message_is_seen_when_its_time_has_come(
    queue: MessageQueue, storage: StorageSettings, azurite: Azurite
) -> None:
    """Not a second earlier."""
    queue.send("later", timedelta(minutes=5))
    with look(storage, queue.name) as client:
        assert client.peek_messages() == []
        azurite.advance(timedelta(minutes=5, seconds=1))
        assert [message.content for message in client.peek_messages()] == ["later"]


def test_a_delay_beyond_what_the_service_takes_is_cut(queue: MessageQueue, storage: StorageSettings) -> None:
    """Seven days are the most; the message is kept all the same."""
    queue.send("much later", timedelta(days=30))
    with look(storage, queue.name) as client:
        assert client.get_queue_properties().approximate_message_count == 1


def test_a_message_that_is_not_taken_is_an_error() -> None:
    """So that Graph is told to deliver again."""
    nowhere = StorageSettings(
        connection_string="AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/a"
    )
    queue = MessageQueue.connect("q", nowhere, None)
    with pytest.raises(QueueUnavailable, match="queue q did not take a message"):
        queue.send("x")
    queue.close()


def test_a_missing_queue_is_created_and_another_left_alone(
    queue: MessageQueue, storage: StorageSettings
) -> None:
    """The Functions host only complains of a queue that is missing, twelve times a minute."""
    queue.ensure()
    queue.send("stays")
    queue.ensure()
    with look(storage, queue.name) as client:
        assert [message.content for message in client.peek_messages()] == ["stays"]


def test_a_queue_that_can_not_be_created_is_an_error() -> None:
    """Said with the queue's name."""
    nowhere = StorageSettings(
        connection_string="AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/a"
    )
    queue = MessageQueue.connect("q", nowhere, None)
    with pytest.raises(QueueUnavailable, match="queue q can't be created"):
        queue.ensure()
    queue.close()
