"""The storage account's part of one process: queues, tables and blobs, each connected on its first use.

Heavy modules are imported inside the builders: the webhook must not pay for what only the worker needs.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING

from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.settings import StorageSettings, read_storage_settings
from shared.worker.common.world import World

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import TokenCredential

    from shared.storage.app_identity import AppIdentities
    from shared.storage.connection import Patience
    from shared.storage.gauges import Gauge
    from shared.storage.held import Held
    from shared.storage.holds import Holds
    from shared.storage.kept_rules import KeptRules
    from shared.storage.last_run import LastRuns
    from shared.storage.leases import MaintenanceLease
    from shared.storage.mailboxes import Mailboxes
    from shared.storage.meetings import Meetings
    from shared.storage.poison import PoisonQueue
    from shared.storage.queues import MessageQueue
    from shared.storage.tables import Table


class StorageParts:
    """All that reaches the storage account. Building is guarded by locks: the host calls from many threads.

    `to_ourselves` carries calls of our own notification URL; None is the network.
    """

    def __init__(
        self, environ: Mapping[str, str], world: World, to_ourselves: "httpx.BaseTransport | None" = None
    ) -> None:
        self._environ = environ
        self._world = world
        self._to_ourselves = to_ourselves
        # The webhook must not wait while the worker's parts are built.
        self._webhook_lock = RLock()
        self._worker_lock = RLock()
        self._open: list[Callable[[], object]] = []

    def close(self) -> None:
        """Give back connections and threads. The cloud ends processes without asking; the sandbox asks."""
        with self._webhook_lock, self._worker_lock, ExitStack() as stack:
            for part in self._open:
                stack.callback(part)
            self._open.clear()

    @cached_property
    def _storage(self) -> StorageSettings:
        """The storage settings alone: what only needs them works while the others are being mended."""
        return read_storage_settings(self._environ)

    @cached_property
    def _maintenance_lease(self) -> "MaintenanceLease":
        from shared.storage.leases import MAINTENANCE, MaintenanceLease

        return MaintenanceLease(self._table(MAINTENANCE))

    @cached_property
    def _holds(self) -> "Holds":
        from shared.storage.holds import Holds
        from shared.storage.leases import MAINTENANCE

        return Holds(self._table(MAINTENANCE))

    @cached_property
    def _app_identities(self) -> "AppIdentities":
        from shared.storage.app_identity import AppIdentities
        from shared.storage.leases import MAINTENANCE

        return AppIdentities(self._table(MAINTENANCE))

    @cached_property
    def _last_runs(self) -> "LastRuns":
        from shared.storage.last_run import LastRuns
        from shared.storage.leases import MAINTENANCE

        return LastRuns(self._table(MAINTENANCE))

    @cached_property
    def _event_poison(self) -> "MessageQueue":
        from shared.storage.queues import POISON_SUFFIX

        return self._queue(EVENT_CHANGES + POISON_SUFFIX)

    @cached_property
    def _mailbox_poison(self) -> "MessageQueue":
        from shared.storage.queues import POISON_SUFFIX

        return self._queue(MAILBOX_TASKS + POISON_SUFFIX)

    @cached_property
    def _poison_queues(self) -> "Mapping[str, PoisonQueue]":
        """The poison queues as they lie there, by the names of the queues beside them."""
        from shared.storage.poison import PoisonQueue

        names = (EVENT_CHANGES, MAILBOX_TASKS)
        poison = {name: PoisonQueue.connect(name, self._storage, self._storage_credential) for name in names}
        self._open += [queue.close for queue in poison.values()]
        return poison

    @cached_property
    def _mailbox_tasks(self) -> "MessageQueue":
        return self._queue(MAILBOX_TASKS)

    @cached_property
    def _event_changes(self) -> "MessageQueue":
        return self._queue(EVENT_CHANGES)

    @cached_property
    def _mailboxes(self) -> "Mailboxes":
        from shared.storage.mailboxes import MAILBOXES, Mailboxes

        return Mailboxes(self._table(MAILBOXES), self._world.now)

    @cached_property
    def _meetings(self) -> "Meetings":
        from shared.storage.meetings import Meetings

        return Meetings(self._meetings_table)

    @cached_property
    def _meetings_table(self) -> "Table":
        from shared.storage.meetings import MEETINGS

        return self._table(MEETINGS, creates_itself=False)

    @cached_property
    def _held(self) -> "Held":
        from shared.storage.held import Held

        return Held(self._meetings_table, self._meetings)

    @cached_property
    def _kept_rules(self) -> "KeptRules":
        from shared.storage.blobs import container_of
        from shared.storage.kept_rules import KEPT_CONTAINER, KeptRules

        kept = KeptRules(container_of(self._storage, self._storage_credential, KEPT_CONTAINER))
        self._open.append(kept.close)
        return kept

    def _webhook_queue(self, name: str) -> "MessageQueue":
        """Return a queue for the webhook, which has connections of its own and little patience."""
        from shared.storage.connection import Patience
        from shared.worker.webhook.sender_pool import MAX_SENDERS

        return self._queue(name, Patience(connect=1, answer=2, again_after=0, connections=MAX_SENDERS))

    def _table(self, name: str, *, creates_itself: bool = True) -> "Table":
        from shared.storage.tables import Table

        connected = Table.connect(
            name, self._storage, self._storage_credential, creates_itself=creates_itself
        )
        self._open.append(connected.close)
        return connected

    def _gauge(self, name: str) -> "Callable[[], Gauge]":
        from shared.storage.gauges import QueueGauge

        connected = QueueGauge.connect(name, self._storage, self._storage_credential)
        self._open.append(connected.close)
        return connected.read

    def _queue(self, name: str, patience: "Patience | None" = None) -> "MessageQueue":
        from shared.storage.queues import MessageQueue

        connected = MessageQueue.connect(name, self._storage, self._storage_credential, patience)
        self._open.append(connected.close)
        return connected

    @cached_property
    def _storage_credential(self) -> "TokenCredential | None":
        return self._credential_for(self._storage)

    def _credential_for(self, storage: StorageSettings) -> "TokenCredential | None":
        if storage.connection_string:
            return None
        from shared.auth.storage_credential import StorageCredential
        from shared.auth.token_source import TokenSource

        return StorageCredential(
            TokenSource.managed_identity(storage.client_id, self._world.now), self._world.now
        )
