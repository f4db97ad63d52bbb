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
from shared.storage.blobs import container_of
from shared.storage.kept_rules import KeptRules
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
    kept = KeptRules(container_of(storage, None, "c"))
    try:
        kept.read()
    finally:
        kept.close()


@pytest.mark.parametrize(
    ("work", "error"),
    [
        pytest.param(send, QueueUnavailable, id="queue"),
        pytest.param(read_row, StorageUnavailable, id="table"),
        pytest.param(read_blob, StorageUnavailable, id="blob"),
    ],
)
def test_a_silent_storage_account_is_given_up(
    work: Callable[[StorageSettings], None], error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph waits three seconds for the webhook; by default the SDK would wait for minutes."""
    monkeypatch.setattr(connection, "_ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a"
        endpoints = f"QueueEndpoint={url};TableEndpoint={url};BlobEndpoint={url}"
        with pytest.raises(error, match="ServiceResponse"):
            work(StorageSettings(connection_string=f"AccountName=a;AccountKey=a2V5;{endpoints}"))


def test_a_call_takes_no_longer_than_its_message_has_left(azurite: Azurite) -> None:
    """The deadline cuts the call off, with its retry, and the first failure is what is told."""
    with storage_proxy(azurite.connection_string) as (line, connection_string):
        line.set_fault(StorageFault.SILENT)
        began = time.monotonic()
        with deadline(timedelta(seconds=0.2)), pytest.raises(QueueUnavailable, match="no answer"):
            send(StorageSettings(connection_string=connection_string))

    assert time.monotonic() - began < 2


def test_an_answer_that_drips_is_given_up(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is one for the whole answer, not one between two bytes."""
    monkeypatch.setattr(connection, "_ANSWER_SECONDS", 0.3)
    with storage_proxy(azurite.connection_string) as (line, connection_string):
        line.set_fault(StorageFault.DRIPPING)
        began = time.monotonic()
        with deadline(timedelta(seconds=0.9)), pytest.raises(QueueUnavailable, match="no answer"):
            send(StorageSettings(connection_string=connection_string))

    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(send, id="queue"),
        pytest.param(read_row, id="table"),
        pytest.param(read_blob, id="blob"),
    ],
)
def test_nothing_is_sent_when_the_time_of_a_message_is_over(
    work: Callable[[StorageSettings], None], azurite: Azurite
) -> None:
    """The message is sent again then: that is no trouble of storage."""
    with deadline(timedelta(0)), pytest.raises(OutOfTime):
        work(StorageSettings(connection_string=azurite.connection_string))


def test_a_retry_waits_two_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would sleep as long as a Retry-After says."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    connection.transport().sleep(3600)

    assert slept == [2]
