import socket
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from sandbox.azurite import Azurite
from sandbox.storage_proxy import StorageFault, storage_proxy
from shared.deadline import deadline
from shared.errors import OutOfTime, QueueUnavailable, StorageUnavailable
from shared.settings import StorageSettings
from shared.storage import connection
from shared.storage.blobs import container_client
from shared.storage.last_good_rules import LastGoodRulesStore
from shared.storage.meetings import Meetings
from shared.storage.queues import MessageQueue
from shared.storage.tables import Table


def send(storage: StorageSettings) -> None:
    queue = MessageQueue.connect("q", storage, None)
    try:
        queue.send("x", timedelta(0))
    finally:
        queue.close()


def read_row(storage: StorageSettings) -> None:
    table = Table.connect("t", storage, None)
    try:
        Meetings(table).read("m", "e")
    finally:
        table.close()


def read_blob(storage: StorageSettings) -> None:
    rules = LastGoodRulesStore(container_client("c", storage, None))
    try:
        rules.read()
    finally:
        rules.close()


@pytest.mark.parametrize(
    ("work", "error"),
    [
        pytest.param(send, QueueUnavailable, id="queue"),
        pytest.param(read_row, StorageUnavailable, id="table"),
        pytest.param(read_blob, StorageUnavailable, id="blob"),
    ],
)
def test_a_call_to_a_silent_storage_account_times_out(
    work: Callable[[StorageSettings], None], error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph waits three seconds for the webhook. The SDK would wait for minutes by default."""
    monkeypatch.setattr(connection, "_ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a"
        endpoints = f"QueueEndpoint={url};TableEndpoint={url};BlobEndpoint={url}"
        with pytest.raises(error, match="ServiceResponse"):
            work(StorageSettings(connection_string=f"AccountName=a;AccountKey=a2V5;{endpoints}"))


@pytest.mark.usefixtures("deadline_clock")
def test_the_deadline_of_a_message_ends_a_call(azurite: Azurite) -> None:
    """And there is no retry, for which less than its pause of a second is left. A call alone may take ten."""
    with storage_proxy(azurite.connection_string) as (line, connection_string):
        line.set_fault(StorageFault.SILENT)
        with deadline(timedelta(seconds=0.2)), pytest.raises(QueueUnavailable, match="no answer"):
            send(StorageSettings(connection_string=connection_string))

    assert line.connections == 1


@pytest.mark.usefixtures("deadline_clock")
def test_an_answer_that_drips_times_out(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The timeout applies to the whole answer, not to the time between two bytes."""
    monkeypatch.setattr(connection, "_ANSWER_SECONDS", 0.3)
    with storage_proxy(azurite.connection_string) as (line, connection_string):
        line.set_fault(StorageFault.DRIPPING)
        with deadline(timedelta(seconds=0.9)), pytest.raises(QueueUnavailable, match="no answer"):
            send(StorageSettings(connection_string=connection_string))


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(send, id="queue"),
        pytest.param(read_row, id="table"),
        pytest.param(read_blob, id="blob"),
    ],
)
def test_after_the_deadline_nothing_is_sent(
    work: Callable[[StorageSettings], None], azurite: Azurite
) -> None:
    """The message is sent again; this is not an error of storage."""
    with deadline(timedelta(0)), pytest.raises(OutOfTime):
        work(StorageSettings(connection_string=azurite.connection_string))


def test_a_retry_waits_two_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would sleep as long as Retry-After asks."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    connection.transport(connection.default_timeouts()).sleep(3600)

    assert slept == [2]
