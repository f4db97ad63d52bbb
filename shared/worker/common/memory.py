"""Whether the memory of past writes is whole: asked by the worker, begun by maintenance, told by health."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock

from shared.errors import GraphError, JoinlinkError
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import Mailboxes
from shared.storage.maintenance_report import MaintenanceReports
from shared.storage.memory_marker import MemoryMarker

#: so long a marker that was seen is believed; one that was missing is looked for again sooner
_BELIEVED = timedelta(minutes=3)
_MISSED = timedelta(seconds=30)


#: what an admin has to decide; health, doctor and `joinlink memory` say it alike
MISSING_MEMORY = (
    "the memory of past writes is missing, so Joinlink writes nothing: the table meetings was deleted, or"
    " AzureWebJobsStorage names another account than before. Copy the table back, with its marker row. If it"
    " is lost for good, decide to continue without it: joinlink memory --accept"
)


class MemoryState(StrEnum):
    """What health says of the memory."""

    WHOLE = "whole"
    #: a fresh installation: the first maintenance begins it
    NOT_STARTED = "not_started"
    MISSING = "missing"


def problem_of(state: MemoryState) -> str:
    """Return why nothing is written in this state; empty where writes are possible."""
    return {
        MemoryState.WHOLE: "",
        MemoryState.NOT_STARTED: "the app has not started yet: its first maintenance begins the memory",
        MemoryState.MISSING: MISSING_MEMORY,
    }[state]


class MemoryNotBegun(JoinlinkError):
    """Nothing may be written before it is known whether this is a fresh installation."""


class Memory:
    """Reads the marker at most every few minutes; safe to share between threads."""

    def __init__(self, marker: MemoryMarker, now: Callable[[], datetime]) -> None:
        self._marker = marker
        self._now = now
        self._lock = Lock()
        self._is_whole = False
        self._read_at: datetime | None = None

    def is_whole(self) -> bool:
        """Tell whether a write may rely on what is remembered. Raises StorageUnavailable."""
        now = self._now()
        with self._lock:
            holds = _BELIEVED if self._is_whole else _MISSED
            if self._read_at is not None and self._read_at <= now < self._read_at + holds:
                return self._is_whole
        is_there = self._marker.exists()  # not under the lock: a read over the network
        with self._lock:
            self._is_whole, self._read_at = is_there, now
        return is_there


class MemoryStart:
    """Begins the memory of a fresh installation, and tells one from a loss."""

    def __init__(
        self,
        *,
        marker: MemoryMarker,
        mailboxes: Mailboxes,
        last_runs: MaintenanceReports,
        now: Callable[[], datetime],
    ) -> None:
        self._marker = marker
        self._mailboxes = mailboxes
        self._last_runs = last_runs
        self._now = now

    def state(self) -> MemoryState:
        """Return how it stands, by the storage account alone. Raises StorageUnavailable."""
        if self._marker.exists():
            return MemoryState.WHOLE
        return MemoryState.NOT_STARTED if self._is_account_empty() else MemoryState.MISSING

    def begin_if_fresh(self, graph: Graph, notification_url: str) -> MemoryState:
        """Write the marker where nothing was ever done: an empty account, and no subscription of ours.

        Call this before anything else is written.

        Raises:
            MemoryNotBegun: Graph does not list the subscriptions; the next run tries again.
            StorageUnavailable: a table can't be read or written.
        """
        state = self.state()
        if state is not MemoryState.NOT_STARTED:
            return state
        try:
            listed = [one for page in graph.subscriptions() for one in page]
        except GraphError as error:
            raise MemoryNotBegun(
                f"the memory of writes is not begun, so nobody is subscribed yet; {error}"
            ) from error
        if any(one.notification_url == notification_url for one in listed):
            return MemoryState.MISSING
        self._marker.set(self._now(), why="fresh")
        logger().info("memory.begun", why="fresh")
        return MemoryState.WHOLE

    def accept(self) -> None:
        """Begin afresh, as an admin decided who knows what is lost. Raises StorageUnavailable."""
        self._marker.set(self._now(), why="accepted")

    def _is_account_empty(self) -> bool:
        return (
            not self._last_runs.exists()
            and not self._marker.has_meetings()
            and next(self._mailboxes.all(), None) is None
        )
