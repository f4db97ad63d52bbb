"""Stops Joinlink and has the app unsubscribe every mailbox: only the app can delete its subscriptions.

The stop is stored first. From then on the app creates no subscription, and its maintenance requests the end
of those that are left, so it finishes even if this command is killed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.queue_port import QueueSender
from shared.errors import DeskDiffers
from shared.storage.mailboxes import Mailboxes
from shared.storage.settings_fingerprint import SettingsFingerprint
from shared.storage.watch_stop import WatchStop
from shared.worker.common.world import World
from shared.worker.mailboxes.maintenance_run import MaintenanceRun
from shared.worker.mailboxes.task_requests import TaskRequests
from shared.worker.mailboxes.unsubscription import may_be_subscribing, may_be_unsubscribed, unsubscribe_plans


@dataclass(frozen=True, slots=True)
class WatchedMailboxes:
    """How many mailboxes may have a subscription; `unclear` are those whose row Joinlink must not touch."""

    left: int
    unclear: int


class Unsubscription:
    """The end of all subscriptions. Every method raises `StorageUnavailable`."""

    def __init__(
        self,
        *,
        world: World,
        stop: WatchStop,
        mailboxes: Mailboxes,
        queue: QueueSender,
        app: Callable[[], SettingsFingerprint | None],
    ) -> None:
        """`app` reads what the app's timer recorded."""
        self._world = world
        self._stop = stop
        self._mailboxes = mailboxes
        self._queue = queue
        self._app = app

    def check_app(self) -> None:
        """Return if the app knows the stop.

        Raises:
            DeskDiffers: its version is too old.
        """
        app = self._app()
        if app is not None and not app.version:
            raise DeskDiffers(
                "the app runs a version that would subscribe the mailboxes again: deploy this version, wait"
                " for its first maintenance, and run the command again"
            )

    def watched(self) -> WatchedMailboxes:
        """Return how many mailboxes may have a subscription."""
        now, left, unclear = self._world.now(), 0, 0
        for row in self._mailboxes.all():
            left += may_be_unsubscribed(row) or may_be_subscribing(row, now)
            unclear += bool(row.unclear and row.subscriptions)
        return WatchedMailboxes(left, unclear)

    def begin(self) -> None:
        """Stop Joinlink, and queue as many tasks as the app can do within a quarter of an hour.

        Its maintenance queues the rest.

        Raises:
            QueueUnavailable: not all tasks are queued; the app's maintenance queues them.
        """
        now = self._world.now()
        self._stop.set(now)
        requests = TaskRequests(
            world=self._world,
            mailboxes=self._mailboxes,
            queue=self._queue,
            run=MaintenanceRun(self._world.new_id(), now),
            check=lambda: None,
        )
        requests.carry_out(unsubscribe_plans(self._mailboxes.all(), now, despite_tasks=True))

    def undo(self) -> None:
        """Let the app's next maintenance subscribe the mailboxes in scope again."""
        self._stop.clear()
