"""The services of one storage account in memory, and what one process sees of them: each call is a step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceResponseError

from sandbox.simulate.queue import MemoryQueue
from sandbox.simulate.table import MemoryTable
from shared.deadline import seconds_left
from shared.errors import QueueUnavailable
from shared.storage.tables import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient
    from azure.storage.blob import ContainerClient

_ANSWER_SECONDS = 10


class StorageFailure(Enum):
    """How a call to a table or queue fails."""

    REFUSED = "refused"
    #: it takes effect, and the answer is lost
    LOST_AFTER = "lost after"


@dataclass
class Account:
    """A storage account; `now` is its time. `faults` are those of the next calls, by any process."""

    now: Callable[[], datetime]
    tables: dict[str, MemoryTable] = field(default_factory=dict)
    queues: dict[str, MemoryQueue] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    table_faults: list[StorageFailure] = field(default_factory=list)
    queue_faults: list[StorageFailure] = field(default_factory=list)

    def queue(self, name: str) -> MemoryQueue:
        """Return a queue; it exists from its first use on."""
        return self.queues.setdefault(name, MemoryQueue(name, self.now))

    def table(self, name: str) -> MemoryTable:
        """Return a table; a write creates it."""
        return self.tables.setdefault(name, MemoryTable(name, self.now))


@dataclass(frozen=True, slots=True)
class Connection:
    """How one process reaches the services.

    `stop` is called before and after each call, and raises `ProcessKilled` once the process is dead. `note`
    gets the name of each call that failed, and `sent` the name of a queue that took a message.
    """

    account: Account
    stop: Callable[[], None]
    note: Callable[[str], None]
    sent: Callable[[str], None]

    def table(self, name: str, *, create_if_missing: bool) -> Table:
        """Return the product's connection to a table."""
        client = cast("TableClient", _SteppedTable(self, self.account.table(name)))
        return Table(client, create_if_missing=create_if_missing)

    def queue(self, name: str) -> "SteppedQueue":
        """Return the product's connection to a queue."""
        return SteppedQueue(self, self.account.queue(name))

    def container(self) -> "ContainerClient":
        """Return the product's connection to its blob container."""
        return cast("ContainerClient", _MemoryContainer(self.account.blobs))


class _SteppedTable:
    """A table of the SDK whose calls are steps and may fail."""

    def __init__(self, connection: Connection, table: MemoryTable) -> None:
        self._connection = connection
        self._table = table

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._table, name)
        if not callable(method) or name == "close":
            return method

        def call(*args: Any, **options: Any) -> Any:
            seconds_left(_ANSWER_SECONDS)  # as the real transport does before it sends
            self._connection.stop()
            faults = self._connection.account.table_faults
            fault = faults.pop(0) if faults else None
            if fault:
                self._connection.note(f"{name} {self._table.table_name}: {fault.value}")
            if fault is StorageFailure.REFUSED:
                raise _refused()
            try:
                return method(*args, **options)
            finally:
                self._connection.stop()
                if fault:
                    raise ServiceResponseError("the answer was lost")

        return call


class SteppedQueue:
    """A `ManagedQueue` whose calls are steps and may fail."""

    def __init__(self, connection: Connection, queue: MemoryQueue) -> None:
        self.name = queue.name
        self._connection = connection
        self._queue = queue

    def send(self, text: str, delay: timedelta = timedelta(0), /) -> None:
        """Send a message. Raises OutOfTime, QueueUnavailable."""
        seconds_left(_ANSWER_SECONDS)
        self._connection.stop()
        faults = self._connection.account.queue_faults
        fault = faults.pop(0) if faults else None
        if fault is not StorageFailure.REFUSED:
            self._queue.send(text, delay)
            self._connection.sent(self.name)
        self._connection.stop()
        if fault:
            self._connection.note(f"send {self.name}: {fault.value}")
            raise QueueUnavailable(f"queue {self.name} did not take a message: {fault.value}")

    def ensure(self) -> None:
        """Do nothing: the queue is there."""

    def length(self) -> int:
        """Return the number of messages."""
        return len(self._queue)


class _MemoryContainer:
    """A blob container, with the methods of the SDK's `ContainerClient` that the product calls."""

    def __init__(self, blobs: dict[str, bytes]) -> None:
        self._blobs = blobs

    def create_container(self) -> None:
        """Do nothing: it is there."""

    def download_blob(self, name: str) -> "_Download":
        if name not in self._blobs:
            raise ResourceNotFoundError
        return _Download(self._blobs[name])

    def upload_blob(self, name: str, content: bytes, *, overwrite: bool) -> None:
        assert overwrite
        self._blobs[name] = content

    def close(self) -> None:
        """Do nothing: there is no connection."""


class _Download(BytesIO):
    def readall(self) -> bytes:
        return super().read()


def _refused() -> HttpResponseError:
    error = HttpResponseError("refused by a fault")
    error.status_code = 503
    return error
