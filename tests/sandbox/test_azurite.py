import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient

from sandbox import azurite as module
from sandbox.azurite import Azurite, AzuriteUnavailable

ROOT = Path(module.__file__).parent.parent
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)


@pytest.fixture
def queue(azurite: Azurite, unique: Callable[[str], str]) -> Iterator[QueueClient]:
    with QueueClient.from_connection_string(azurite.connection_string, unique("azurite")) as client:
        client.create_queue()
        yield client


def test_the_connection_string_reaches_queues_and_tables(
    azurite: Azurite, queue: QueueClient, unique: Callable[[str], str]
) -> None:
    """One connection string is enough for both services."""
    queue.send_message("hello")
    message = queue.receive_message()

    assert message is not None
    assert message.content == "hello"
    with TableServiceClient.from_connection_string(azurite.connection_string) as tables:
        assert tables.create_table(unique("azurite")).table_name


def test_another_account_is_empty(azurite: Azurite, queue: QueueClient) -> None:
    """So that a stage finds nothing of the one before; what was in use stays."""
    azurite.leave_account()
    with QueueServiceClient.from_connection_string(azurite.connection_string) as queues:
        assert list(queues.list_queues()) == []
    with TableServiceClient.from_connection_string(azurite.connection_string) as tables:
        assert list(tables.list_tables()) == []
    with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
        assert list(blobs.list_containers()) == []
    assert queue.get_queue_properties().name == queue.queue_name


def test_a_stage_in_a_stage_has_an_account_of_its_own(azurite: Azurite) -> None:
    """A test may start a second app while the first one still runs."""
    azurite.leave_account()
    before = azurite.connection_string
    azurite.take_account()
    first = azurite.connection_string
    azurite.take_account()
    second = azurite.connection_string
    azurite.leave_account()
    azurite.leave_account()
    azurite.take_account()

    assert first == before
    assert len({first, second, azurite.connection_string}) == 3
    azurite.leave_account()


def test_a_delayed_message_becomes_visible_when_the_clock_moves(azurite: Azurite, queue: QueueClient) -> None:
    """Without real waiting, and not too early."""
    queue.send_message("later", visibility_timeout=300)
    azurite.advance(timedelta(minutes=4))
    early = queue.receive_message()
    azurite.advance(timedelta(minutes=1))
    due = queue.receive_message()

    assert early is None
    assert due is not None


def test_the_clock_can_be_set_and_runs_on(azurite: Azurite, queue: QueueClient) -> None:
    """It can move forward or back, and the services use it."""
    for day in (MONDAY, MONDAY - timedelta(days=1)):
        azurite.set_clock(day)
        sent = queue.send_message("now").inserted_on

        assert sent is not None
        assert timedelta(seconds=-1) < sent - day < timedelta(minutes=1)


def test_data_in_a_folder_survives_a_stop(tmp_path: Path) -> None:
    """All data is written before Azurite stops, even if a client keeps its connection open."""
    with module.azurite(tmp_path) as first:
        client = QueueClient.from_connection_string(first.connection_string, "kept")
        client.create_queue()
        client.send_message("hello")
    client.close()
    with (
        module.azurite(tmp_path) as second,
        QueueClient.from_connection_string(second.connection_string, "kept") as again,
    ):
        assert [message.content for message in again.peek_messages()] == ["hello"]


def test_the_error_for_a_missing_azurite_names_set_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Anyone who runs the sandbox before set-up learns what to do."""
    monkeypatch.setattr(module, "MAIN", tmp_path / "azurite.js")

    with pytest.raises(AzuriteUnavailable, match="make setup"), module.azurite():
        pytest.fail("it can't have started")


def test_the_error_for_a_failed_start_has_azurites_output(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its output usually names the cause."""
    broken = tmp_path / "azurite.js"
    broken.write_text("console.log('out of cheese'); process.exit(1);")
    monkeypatch.setattr(module, "MAIN", broken)

    with pytest.raises(AzuriteUnavailable, match="out of cheese"), module.azurite():
        pytest.fail("it can't have started")


def test_azurite_stops_when_its_parent_is_killed() -> None:
    """No process remains, though no clean-up could run. The script sleeps only until it is killed."""
    script = (
        "import time; from sandbox.azurite import azurite\n"
        "with azurite() as a: print(a._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(  # noqa: S603 -- the script above
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)

        assert _ends(child)


def _ends(pid: int) -> bool:
    """Return whether the process is gone or a zombie within five seconds."""
    state = ["ps", "-o", "stat=", "-p", str(pid)]
    for _ in range(100):
        answer = subprocess.run(state, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 -- our own words
        if not answer or answer.startswith("Z"):
            return True
        threading.Event().wait(0.05)
    return False
