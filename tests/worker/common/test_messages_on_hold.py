from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.queue import QueueClient

from sandbox.azurite import Azurite
from shared.domain.poison_envelope import MAX_BYTES, read_envelope
from shared.errors import SettingProblem, SettingsError
from shared.settings import StorageSettings
from shared.storage.poison_queue import PoisonQueue
from shared.storage.queues import POISON_SUFFIX, MessageQueue
from shared.worker.common.messages_on_hold import MessagesOnHold
from shared.worker.common.world import World
from shared.worker.mailboxes.messages import log_task_finished

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
REFUSED = SettingsError([SettingProblem("JOINLINK_TENANT_ID", "is missing")])
LogLines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def storage(azurite: Azurite) -> StorageSettings:
    return StorageSettings(connection_string=azurite.connection_string)


@pytest.fixture
def name(unique: Callable[[str], str]) -> str:
    return unique("q")


@pytest.fixture
def on_hold(name: str, storage: StorageSettings) -> Iterator[MessagesOnHold]:
    queue, poison = (MessageQueue.connect(name + end, storage, None) for end in ("", POISON_SUFFIX))
    yield MessagesOnHold(world=World(now=lambda: NOW), queue=queue, poison=poison, log=log_task_finished)
    queue.close()
    poison.close()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"v":1}', id="a message"),
        pytest.param("Ünïcode".encode(), id="multi-byte text"),
        pytest.param(b"x" * MAX_BYTES, id="as long as possible"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_message_is_kept_unchanged(
    body: bytes,
    *,
    on_hold: MessagesOnHold,
    name: str,
    storage: StorageSettings,
    azurite: Azurite,
    log_lines: LogLines,
) -> None:
    """However often it is put back, it never gets longer. Each time is one log line."""
    on_hold.keep(body, REFUSED)
    azurite.advance(timedelta(minutes=6))
    poison = PoisonQueue(QueueClient.from_connection_string(storage.connection_string, name))
    [left] = poison.lease()
    poison.close()

    assert (left.body, left.expires) == (body, False)
    assert [(line["event"], line["reason"]) for line in log_lines()] == [
        ("task.finished", "settings_refused")
    ]


def test_a_message_that_is_not_text_goes_to_the_poison_queue(
    on_hold: MessagesOnHold, name: str, storage: StorageSettings, log_lines: LogLines
) -> None:
    """It is not a message of Joinlink, whatever the settings. Its bytes are kept unchanged."""
    on_hold.keep(b"\xff\x00\xfe", REFUSED)
    poison = PoisonQueue.connect(name, storage, None)
    [left] = poison.lease()
    poison.close()
    found = read_envelope(left.body)

    assert found is not None
    assert (found.reason, found.body) == ("unreadable_message", b"\xff\x00\xfe")
    assert [line["event"] for line in log_lines()] == ["message.poisoned", "task.finished"]
