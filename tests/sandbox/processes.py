"""A scene for tests of host processes: a queue, signals, clocks, and hosts of the sample app."""

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
PATIENCE_SECONDS = 20
LEASE, RETRY = timedelta(minutes=10), timedelta(minutes=1)


class Scene:
    """A queue, a folder of signals, a clock, and host processes of the sample app."""

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
        """Return a host that is not started."""
        return HostProcess(
            "tests.sandbox.sample_app:build",
            {**self.settings, **settings},
            self.clock,
            log=self.folder / f"{name}.jsonl",
            host_json=HOST_JSON,
            stop_seconds=stop_seconds,
        )

    def send(self, *orders: str) -> None:
        """Put orders on the queue."""
        with self._client() as client:
            for order in orders:
                client.send_message(base64.b64encode(order.encode()).decode())

    def advance(self, by: timedelta) -> None:
        """Move all clocks."""
        self.clock.advance(by)
        self.azurite.advance(by)

    def go(self) -> None:
        """Let the orders that wait go on."""
        (self.folder / "go").touch()

    def await_signs(self, *signs: str) -> None:
        """Wait until functions have left these signs."""
        self.wait_until(lambda: all((self.folder / sign).exists() for sign in signs))

    def has(self, sign: str) -> bool:
        """Return whether a function has left this sign."""
        return (self.folder / sign).exists()

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that other processes do."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.01)

    def waiting(self, suffix: str = "") -> int:
        """Count the messages of the queue, hidden ones, too."""
        with self._client(suffix) as client:
            return client.get_queue_properties().approximate_message_count or 0

    def visible(self) -> list[str]:
        """Return the orders that anyone could take now."""
        with self._client() as client:
            return [base64.b64decode(m.content).decode() for m in client.peek_messages(32)]

    def create(self) -> None:
        """Create the queue."""
        with self._client() as client:
            client.create_queue()

    def _client(self, suffix: str = "") -> QueueClient:
        return QueueClient.from_connection_string(self.azurite.connection_string, self.queue + suffix)
