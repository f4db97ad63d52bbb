"""The queues and tables of the storage account, each connected on its first use."""

from typing import TYPE_CHECKING

from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.wiring.built_once import BuiltOnce
from shared.wiring.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.storage.connection import Timeouts
    from shared.storage.held_event_index import HeldEventIndex
    from shared.storage.mailboxes import Mailboxes
    from shared.storage.maintenance_lease import MaintenanceLease
    from shared.storage.maintenance_report import MaintenanceReports
    from shared.storage.meetings import Meetings
    from shared.storage.memory_marker import MemoryMarker
    from shared.storage.other_deployments import OtherDeployments
    from shared.storage.poison_queue import PoisonQueue
    from shared.storage.queue_metrics import QueueMetrics
    from shared.storage.queues import MessageQueue
    from shared.storage.removal_hold import RemovalHolds
    from shared.storage.settings_fingerprint import SettingsFingerprints
    from shared.storage.tables import Table
    from shared.storage.watch_stop import WatchStop
    from shared.storage.write_history import WriteHistory


class StorageParts:
    """The parts that need the storage account alone. Every property raises SettingsError."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @BuiltOnce
    def event_changes(self) -> "MessageQueue":
        """The queue of changed events."""
        return self.queue(EVENT_CHANGES)

    @BuiltOnce
    def mailbox_tasks(self) -> "MessageQueue":
        """The queue of tasks for mailboxes."""
        return self.queue(MAILBOX_TASKS)

    @BuiltOnce
    def event_poison(self) -> "MessageQueue":
        """The poison queue of `event_changes`, to send to."""
        from shared.storage.queues import POISON_SUFFIX

        return self.queue(EVENT_CHANGES + POISON_SUFFIX)

    @BuiltOnce
    def mailbox_poison(self) -> "MessageQueue":
        """The poison queue of `mailbox_tasks`, to send to."""
        from shared.storage.queues import POISON_SUFFIX

        return self.queue(MAILBOX_TASKS + POISON_SUFFIX)

    @BuiltOnce
    def poison_queues(self) -> "Mapping[str, PoisonQueue]":
        """The poison queues, to read from, by the names of the queues that their messages came from."""
        from shared.storage.poison_queue import PoisonQueue

        process, names = self._process, (EVENT_CHANGES, MAILBOX_TASKS)
        queues = {
            name: PoisonQueue.connect(name, process.storage_settings, process.storage_credential)
            for name in names
        }
        for queue in queues.values():
            process.close_at_end(queue.close)
        return queues

    @BuiltOnce
    def maintenance_table(self) -> "Table":
        """The table in which runs of maintenance leave their notes."""
        from shared.storage.maintenance_lease import MAINTENANCE

        return self.table(MAINTENANCE)

    @BuiltOnce
    def maintenance_lease(self) -> "MaintenanceLease":
        """The lease that lets one run of maintenance work at a time."""
        from shared.storage.maintenance_lease import MaintenanceLease

        return MaintenanceLease(self.maintenance_table)

    @BuiltOnce
    def removal_holds(self) -> "RemovalHolds":
        """The holds on mailboxes that left the scope in large numbers."""
        from shared.storage.removal_hold import RemovalHolds

        return RemovalHolds(self.maintenance_table)

    @BuiltOnce
    def other_deployments(self) -> "OtherDeployments":
        """The other deployments of the app registration that the last search found."""
        from shared.storage.other_deployments import OtherDeployments

        return OtherDeployments(self.maintenance_table)

    @BuiltOnce
    def watch_stop(self) -> "WatchStop":
        """Whether an admin stopped Joinlink."""
        from shared.storage.watch_stop import WatchStop

        return WatchStop(self.maintenance_table)

    @BuiltOnce
    def settings_fingerprints(self) -> "SettingsFingerprints":
        """The app's tenant and notification URL, as its timer recorded them."""
        from shared.storage.settings_fingerprint import SettingsFingerprints

        return SettingsFingerprints(self.maintenance_table)

    @BuiltOnce
    def maintenance_reports(self) -> "MaintenanceReports":
        """The results of the last run of maintenance."""
        from shared.storage.maintenance_report import MaintenanceReports

        return MaintenanceReports(self.maintenance_table)

    @BuiltOnce
    def mailboxes(self) -> "Mailboxes":
        """The table of mailboxes."""
        from shared.storage.mailboxes import MAILBOXES, Mailboxes

        return Mailboxes(self.table(MAILBOXES), self._process.world.now)

    @BuiltOnce
    def meetings(self) -> "Meetings":
        """The table of what Joinlink did to events."""
        from shared.storage.meetings import Meetings

        return Meetings(self._meetings_table)

    @BuiltOnce
    def held_events(self) -> "HeldEventIndex":
        """The index of the events that are held for an admin."""
        from shared.storage.held_event_index import HeldEventIndex

        return HeldEventIndex(self._meetings_table, self.meetings)

    @BuiltOnce
    def write_history(self) -> "WriteHistory":
        """The memory of past writes, to search."""
        from shared.storage.write_history import WriteHistory

        return WriteHistory(self._meetings_table)

    @BuiltOnce
    def memory_marker(self) -> "MemoryMarker":
        """The row that proves that the table of meetings is complete."""
        from shared.storage.memory_marker import MemoryMarker

        return MemoryMarker(self._meetings_table)

    @BuiltOnce
    def _meetings_table(self) -> "Table":
        from shared.storage.meetings import MEETINGS

        return self.table(MEETINGS, create_if_missing=False)

    def queue(self, name: str, timeouts: "Timeouts | None" = None) -> "MessageQueue":
        """Return a new connection to a queue. Raises SettingsError."""
        from shared.storage.queues import MessageQueue

        process = self._process
        queue = MessageQueue.connect(name, process.storage_settings, process.storage_credential, timeouts)
        process.close_at_end(queue.close)
        return queue

    def table(self, name: str, *, create_if_missing: bool = True) -> "Table":
        """Return a new connection to a table. Raises SettingsError."""
        from shared.storage.tables import Table

        process = self._process
        table = Table.connect(
            name,
            process.storage_settings,
            process.storage_credential,
            create_if_missing=create_if_missing,
        )
        process.close_at_end(table.close)
        return table

    def metrics_reader(self, queue_name: str) -> "Callable[[], QueueMetrics]":
        """Return a function that reads how many messages a queue has. Raises SettingsError."""
        from shared.storage.queue_metrics import QueueMonitor

        process = self._process
        monitor = QueueMonitor.connect(queue_name, process.storage_settings, process.storage_credential)
        process.close_at_end(monitor.close)
        return monitor.read
