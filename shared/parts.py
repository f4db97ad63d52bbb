"""The building blocks of one process: settings, connections, tables, queues, each made on its first use.

Heavy modules are imported inside the builders: the webhook must not pay for what only the worker needs.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from shared import logs
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.errors import SettingsError
from shared.settings import Settings, StorageSettings, read_settings, read_storage_settings
from shared.worker.world import World

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import TokenCredential

    from shared.auth import TokenSource
    from shared.graph.client import Graph
    from shared.storage.app_identity import AppIdentities, AppIdentity
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
    from shared.worker.calendar_search import CalendarSearcher
    from shared.worker.directory import Directory
    from shared.worker.endpoint import Endpoint
    from shared.worker.memory import Memory, MemoryStart
    from shared.worker.policies import Policies, RuleSource


class Parts:
    """All parts of one process. Building is guarded by a lock: the host calls from many threads.

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
    def _settings(self) -> Settings:
        settings = read_settings(self._environ)
        logs.configure(settings.log_level)
        return settings

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

    @property
    def _identity(self) -> "AppIdentity":
        from shared.storage.app_identity import AppIdentity

        return AppIdentity(tenant=self._settings.tenant_id, endpoint=self._endpoint.fingerprint)

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
    def _endpoint(self) -> "Endpoint":
        from shared.graph.client import call_ourselves
        from shared.worker.endpoint import Endpoint

        settings = self._settings
        if settings.notification_url is None:
            problem = (
                "JOINLINK_NOTIFICATION_URL is missing: without it no mailbox can be watched; it is"
                " https://<app>.azurewebsites.net/api/notifications?code=<function key>"
            )
            raise SettingsError([problem])
        return Endpoint(
            settings.notification_url,
            settings.client_state_keys[0],
            call=partial(call_ourselves, transport=self._to_ourselves),
            now=self._world.now,
        )

    @cached_property
    def _graph(self) -> "Callable[[], Graph]":
        from shared.graph.client import Graph, Sender, graph_http

        settings = self._settings
        http = graph_http(settings.graph_url)
        self._open.append(http.close)
        sender = Sender(http, self._tokens, settings.cloud.graph, self._world.now)
        return lambda: Graph(sender)

    @cached_property
    def _tokens(self) -> "TokenSource":
        from shared.auth import TokenSource

        return TokenSource.of(self._settings, self._world.now)

    @cached_property
    def _mailboxes(self) -> "Mailboxes":
        from shared.storage.mailboxes import MAILBOXES, Mailboxes

        return Mailboxes(self._table(MAILBOXES), self._world.now)

    @cached_property
    def _directory(self) -> "Directory":
        from shared.worker.directory import Directory

        return Directory(self._graph, self._world.now)

    @cached_property
    def _calendar_searcher(self) -> "CalendarSearcher":
        from shared.worker.calendar_search import CalendarSearcher

        return CalendarSearcher(
            world=self._world,
            directory=self._directory,
            meetings=self._meetings,
            report_only=self._settings.report_only,
        )

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
    def _memory(self) -> "Memory":
        from shared.storage.memory import MemoryMarker
        from shared.worker.memory import Memory

        return Memory(MemoryMarker(self._meetings_table), self._world.now)

    @cached_property
    def _memory_start(self) -> "MemoryStart":
        from shared.storage.memory import MemoryMarker
        from shared.worker.memory import MemoryStart

        return MemoryStart(
            marker=MemoryMarker(self._meetings_table),
            mailboxes=self._mailboxes,
            last_runs=self._last_runs,
            now=self._world.now,
        )

    @cached_property
    def _policies(self) -> "Policies":
        from shared.worker.policies import Policies

        return Policies(self._rule_source, self._kept_rules, self._world.now)

    @cached_property
    def _kept_rules(self) -> "KeptRules":
        from shared.storage.blobs import container_of
        from shared.storage.kept_rules import KEPT_CONTAINER, KeptRules

        kept = KeptRules(container_of(self._storage, self._storage_credential, KEPT_CONTAINER))
        self._open.append(kept.close)
        return kept

    @cached_property
    def _rule_source(self) -> "RuleSource":
        from shared.storage.rule_source import RuleContainer, RuleFolder

        settings = self._settings
        if "://" not in settings.rules:
            return RuleFolder(_app_folder() / settings.rules)
        container = RuleContainer.connect(settings.rules, settings.storage, self._storage_credential)
        self._open.append(container.close)
        return container

    def _webhook_queue(self, name: str) -> "MessageQueue":
        """Return a queue for the webhook, which has connections of its own and little patience."""
        from shared.storage.connection import Patience
        from shared.worker.outbox import SENDERS

        return self._queue(name, Patience(connect=1, answer=2, again_after=0, connections=SENDERS))

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
        from shared.auth import StorageCredential, TokenSource

        return StorageCredential(
            TokenSource.managed_identity(storage.client_id, self._world.now), self._world.now
        )


def _app_folder() -> Path:
    """Return the folder of the function app, in which the host need not have started us.

    Where only the command is installed, it is the folder that the admin is in.
    """
    folder = Path(__file__).resolve().parent.parent
    return folder if (folder / "host.json").is_file() else Path.cwd()
