"""For tests of host processes: a queue, signal files, clocks, and hosts of the sample app."""

import base64
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from azure.storage.queue import QueueClient

from sandbox.azurite import Azurite
from sandbox.clock import SharedClock
from sandbox.host import HostProcess
from sandbox.stage import MONDAY_MORNING

QUEUES = {"batchSize": 4, "newBatchThreshold": 0, "maxDequeueCount": 2, "visibilityTimeout": "00:01:00"}
HOST_JSON = {"functionTimeout": "00:05:00", "extensions": {"queues": QUEUES}}
PATIENCE_SECONDS = 120
LEASE, RETRY = timedelta(minutes=10), timedelta(minutes=1)


class HostSetup:
    """A queue, a folder of signal files, a clock, and host processes of the sample app."""

    def __init__(self, azurite: Azurite, queue: str, folder: Path) -> None:
        self.azurite, self.queue, self.folder = azurite, queue, folder
        self.clock = SharedClock.create(MONDAY_MORNING)
        self.settings = {
            "AzureWebJobsStorage": azurite.connection_string,
            "QUEUE": queue,
            "FOLDER": str(folder),
            "PYTHON_THREADPOOL_THREAD_COUNT": "8",
        }

    def host(self, name: str = "host", stop_seconds: float = 0.5, **settings: str) -> HostProcess:
        """Return a host that has not started."""
        return HostProcess(
            "tests.sandbox.sample_app:build",
            {**self.settings, **settings},
            self.clock,
            log=self.folder / f"{name}.jsonl",
            host_json=HOST_JSON,
            stop_seconds=stop_seconds,
        )

    def send(self, *texts: str) -> None:
        """Send messages; a text says what its call does."""
        with self._client() as client:
            for text in texts:
                client.send_message(base64.b64encode(text.encode()).decode())

    def advance(self, by: timedelta) -> None:
        """Move all clocks."""
        self.clock.advance(by)
        self.azurite.advance(by)

    def go(self) -> None:
        """Let waiting calls continue."""
        (self.folder / "go").touch()

    def await_signals(self, *signals: str) -> None:
        """Wait until functions have created these signal files."""
        self.wait_until(lambda: all((self.folder / signal).exists() for signal in signals))

    def has(self, signal: str) -> bool:
        """Return whether a function has created this signal file."""
        return (self.folder / signal).exists()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until other processes have done something."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.01)  # other processes work meanwhile, on no clock of ours

    def waiting(self, suffix: str = "") -> int:
        """Count the messages of the queue, hidden ones too."""
        with self._client(suffix) as client:
            return client.get_queue_properties().approximate_message_count or 0

    def visible(self) -> list[str]:
        """Return the texts of the visible messages."""
        with self._client() as client:
            return [base64.b64decode(m.content).decode() for m in client.peek_messages(32)]

    def create(self) -> None:
        """Create the queue."""
        with self._client() as client:
            client.create_queue()

    def _client(self, suffix: str = "") -> QueueClient:
        return QueueClient.from_connection_string(self.azurite.connection_string, self.queue + suffix)
