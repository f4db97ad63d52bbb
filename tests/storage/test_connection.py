import socket
from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.errors import QueueUnavailable, StorageUnavailable
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
