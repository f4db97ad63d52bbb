"""The memory of past writes as a whole: its state, its start by maintenance, and an admin's new start."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from shared.domain.notification_address import notification_address
from shared.errors import GraphError, JoinlinkError
from shared.graph.client import Graph
from shared.logs import logger
from shared.storage.mailboxes import Mailboxes
from shared.storage.maintenance_report import MaintenanceReports
from shared.storage.memory_marker import MemoryMarker


class MemoryState(StrEnum):
    """The state of the memory of past writes."""

    WHOLE = "whole"
    #: a fresh installation, before its first maintenance
    NOT_STARTED = "not_started"
    MISSING = "missing"


#: each state in words, for an admin
IN_WORDS = {
    MemoryState.WHOLE: "complete",
    MemoryState.NOT_STARTED: "not started yet: the app's first maintenance starts it",
    MemoryState.MISSING: "missing",
}
#: what an admin has to decide about a missing memory
WHEN_MISSING = (
    "Joinlink writes nothing: the table meetings was deleted, or AzureWebJobsStorage names another account"
    " than before. Copy the table back, with its marker row. If it is lost for good, decide to continue"
    " without it: joinlink memory --accept"
)


def describe_memory(state: MemoryState) -> str:
    """Return the state as a sentence, with what to do if the memory is missing."""
    effect = f", so {WHEN_MISSING}" if state is MemoryState.MISSING else ""
    return f"the memory of past writes is {IN_WORDS[state]}{effect}"


class MemoryNotStarted(JoinlinkError):
    """It is not known yet whether this is a fresh installation, so Joinlink must write nothing."""


class WriteMemory:
    """Starts the memory of a fresh installation, and distinguishes a fresh one from a lost memory."""

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
        """Return the state, from the storage account alone. Raises StorageUnavailable."""
        if self._marker.exists():
            return MemoryState.WHOLE
        return MemoryState.NOT_STARTED if self._is_account_empty() else MemoryState.MISSING

    def start_if_fresh(self, graph: Graph, notification_url: str) -> MemoryState:
        """Write the marker if the account is empty and no subscription has this address; return the state.

        The key in the URL does not count, and other deployments of the app registration don't either.

        Call this before anything else is written.

        Raises:
            MemoryNotStarted: Graph does not list the subscriptions; the next run tries again.
            StorageUnavailable: a table can't be read or written.
        """
        state = self.state()
        if state is not MemoryState.NOT_STARTED:
            return state
        try:
            subscriptions = [each for page in graph.subscriptions() for each in page]
        except GraphError as error:
            raise MemoryNotStarted(
                f"the memory of writes has not started, so no mailbox is subscribed yet; {error}"
            ) from error
        own = notification_address(notification_url)
        if any(notification_address(each.notification_url) == own for each in subscriptions):
            return MemoryState.MISSING
        self._marker.set(self._now(), why="fresh")
        logger().info("memory.begun", why="fresh")
        return MemoryState.WHOLE

    def accept(self) -> None:
        """Start again after a loss, because an admin decided to. Raises StorageUnavailable."""
        self._marker.set(self._now(), why="accepted")

    def _is_account_empty(self) -> bool:
        return (
            not self._last_runs.exists()
            and not self._marker.has_meetings()
            and next(self._mailboxes.all(), None) is None
        )
