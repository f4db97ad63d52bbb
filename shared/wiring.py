"""The one place where the parts are put together, each on its first use.

Nothing is read or connected at import: a missing setting must not empty the app of its functions, and the
webhook must not pay for what only the worker needs. So heavy modules are imported inside the builders.
"""

import os
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
from shared.worker.webhook import Webhook
from shared.worker.world import World

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import TokenCredential

    from shared.graph.client import Graph
    from shared.storage.leases import MaintenanceLease
    from shared.storage.mailboxes import Mailboxes
    from shared.storage.meetings import Meetings
    from shared.storage.queues import MessageQueue
    from shared.storage.tables import Table
    from shared.worker.backfill import Backfill
    from shared.worker.calendar_search import CalendarSearcher
    from shared.worker.desk import Desk
    from shared.worker.directory import Directory
    from shared.worker.endpoint import Endpoint
    from shared.worker.event_messages import EventMessages
    from shared.worker.mailbox_messages import MailboxMessages
    from shared.worker.maintenance import Maintenance
    from shared.worker.policies import Policies, RuleSource


class Joinlink:
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

    def webhook(self) -> Webhook:
        """Return what takes notifications. Raises SettingsError."""
        with self._webhook_lock:
            return self._webhook

    def event_messages(self) -> "EventMessages":
        """Return what handles event changes. Raises SettingsError."""
        with self._worker_lock:
            return self._event_messages

    def desk(self) -> "Desk":
        """Return what the admin's command reads with. Raises SettingsError."""
        from shared.worker.desk import Desk

        with self._worker_lock:
            return Desk(
                graph=self._graph(),
                meetings=self._meetings,
                directory=self._directory,
                rules=self._rule_source,
                now=self._world.now,
                report_only=self._settings.report_only,
            )

    def backfill(self, sleep: Callable[[float], None]) -> "Backfill":
        """Return what backfills calendars; `sleep` waits for so many seconds. Raises SettingsError."""
        from shared.storage.backfills import BACKFILLS, Backfills
        from shared.worker.backfill import Backfill

        with self._worker_lock:
            return Backfill(
                world=self._world,
                graph=self._graph,
                searcher=self._calendar_searcher,
                mailboxes=self._mailboxes,
                backfills=Backfills(self._table(BACKFILLS)),
                queue=self._event_changes,
                sleep=sleep,
            )

    def mailbox_messages(self) -> "MailboxMessages":
        """Return what handles tasks for mailboxes. Raises SettingsError."""
        with self._worker_lock:
            return self._mailbox_messages

    def maintenance(self) -> "Maintenance":
        """Return one run of maintenance. Raises SettingsError."""
        from shared.worker.maintenance import Maintenance

        with self._worker_lock:
            return Maintenance(
                world=self._world,
                graph=self._graph(),
                policies=self._policies,
                mailboxes=self._mailboxes,
                queue=self._mailbox_tasks,
                lease=self._maintenance_lease,
                endpoint=self._endpoint.fingerprint,
            )

    def keep_event_message(self, body: bytes, error: SettingsError) -> None:
        """Put an event's message back on its queue until the settings are mended.

        Raises:
            SettingsError: those of the storage are wrong, too; the host gives the message again.
        """
        from shared.worker.event_messages import say_kept

        self._keep(EVENT_CHANGES, body)
        say_kept(error)

    def keep_mailbox_message(self, body: bytes, error: SettingsError) -> None:
        """Put a mailbox task back on its queue until the settings are mended.

        Raises:
            SettingsError: those of the storage are wrong, too; the host gives the message again.
        """
        from shared.worker.mailbox_messages import say_kept

        self._keep(MAILBOX_TASKS, body)
        say_kept(error)

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
    def _webhook(self) -> Webhook:
        settings = self._settings
        webhook = Webhook(
            world=self._world,
            changes=lambda: self._event_changes,
            tasks=lambda: self._mailbox_tasks,
            keys=settings.client_state_keys,
            tenant_id=settings.tenant_id,
            settle=settings.settle,
        )
        self._open.append(webhook.close)
        return webhook

    @cached_property
    def _event_messages(self) -> "EventMessages":
        from shared.storage.counters import COUNTERS, Counters
        from shared.storage.queues import POISON_SUFFIX
        from shared.worker.enabling import Enabler
        from shared.worker.event_messages import EventMessages
        from shared.worker.processing import Processor

        meetings = self._meetings
        processor = Processor(
            world=self._world,
            policies=self._policies,
            directory=self._directory,
            meetings=meetings,
            mailboxes=self._mailboxes,
            enabler=Enabler(world=self._world, meetings=meetings, counters=Counters(self._table(COUNTERS))),
            report_only=self._settings.report_only,
        )
        return EventMessages(
            world=self._world,
            graph=self._graph,
            processor=processor,
            queue=self._event_changes,
            poison=self._queue(EVENT_CHANGES + POISON_SUFFIX),
        )

    @cached_property
    def _mailbox_messages(self) -> "MailboxMessages":
        from shared.storage.queues import POISON_SUFFIX
        from shared.worker.mailbox_messages import MailboxMessages
        from shared.worker.mailbox_tasks import MailboxTasks
        from shared.worker.subscriptions import Subscriptions
        from shared.worker.sweep import Sweeper

        sweeper = Sweeper(
            world=self._world,
            policies=self._policies,
            searcher=self._calendar_searcher,
            mailboxes=self._mailboxes,
            queue=self._event_changes,
        )
        subscriptions = Subscriptions(world=self._world, mailboxes=self._mailboxes, endpoint=self._endpoint)
        return MailboxMessages(
            world=self._world,
            graph=self._graph,
            tasks=MailboxTasks(
                world=self._world, mailboxes=self._mailboxes, subscriptions=subscriptions, sweeper=sweeper
            ),
            queue=self._mailbox_tasks,
            poison=self._queue(MAILBOX_TASKS + POISON_SUFFIX),
        )

    @cached_property
    def _maintenance_lease(self) -> "MaintenanceLease":
        from shared.storage.leases import MAINTENANCE, MaintenanceLease

        return MaintenanceLease(self._table(MAINTENANCE))

    @cached_property
    def _mailbox_tasks(self) -> "MessageQueue":
        return self._queue(MAILBOX_TASKS)

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
        from shared.auth import TokenSource
        from shared.graph.client import Graph, GraphAuth, graph_http

        settings = self._settings
        auth = GraphAuth(TokenSource.of(settings), settings.cloud.graph)
        http = graph_http(settings.graph_url, auth)
        self._open.append(http.close)
        return lambda: Graph(http)

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
        from shared.storage.meetings import MEETINGS, Meetings

        return Meetings(self._table(MEETINGS))

    @cached_property
    def _mailboxes(self) -> "Mailboxes":
        from shared.storage.mailboxes import MAILBOXES, Mailboxes

        return Mailboxes(self._table(MAILBOXES))

    @cached_property
    def _policies(self) -> "Policies":
        from shared.storage.rule_source import KEPT_CONTAINER, LastGoodRules, container_of
        from shared.worker.policies import Policies

        storage = self._settings.storage
        kept = LastGoodRules(container_of(storage, self._storage_credential, KEPT_CONTAINER))
        self._open.append(kept.close)
        return Policies(self._rule_source, kept, self._world.now)

    @cached_property
    def _rule_source(self) -> "RuleSource":
        from shared.storage.rule_source import RuleContainer, RuleFolder

        settings = self._settings
        if "://" not in settings.rules:
            return RuleFolder(_app_folder() / settings.rules)
        container = RuleContainer.connect(settings.rules, settings.storage, self._storage_credential)
        self._open.append(container.close)
        return container

    @cached_property
    def _event_changes(self) -> "MessageQueue":
        return self._queue(EVENT_CHANGES)

    def _table(self, name: str) -> "Table":
        from shared.storage.tables import Table

        connected = Table.connect(name, self._settings.storage, self._storage_credential)
        self._open.append(connected.close)
        return connected

    def _keep(self, queue_name: str, body: bytes) -> None:
        from shared.storage.queues import MessageQueue
        from shared.worker.carrying import keep_until_settings_are_mended

        storage = read_storage_settings(self._environ)
        queue = MessageQueue.connect(queue_name, storage, self._credential_for(storage))
        keep_until_settings_are_mended(body, queue)
        queue.close()

    def _queue(self, name: str) -> "MessageQueue":
        from shared.storage.queues import MessageQueue

        connected = MessageQueue.connect(name, self._settings.storage, self._storage_credential)
        self._open.append(connected.close)
        return connected

    @cached_property
    def _storage_credential(self) -> "TokenCredential | None":
        return self._credential_for(self._settings.storage)

    def _credential_for(self, storage: StorageSettings) -> "TokenCredential | None":
        if storage.connection_string:
            return None
        from shared.auth import StorageCredential, TokenSource

        return StorageCredential(TokenSource.managed_identity(storage.client_id), self._world.now)


def _app_folder() -> Path:
    """Return the folder of the function app, in which the host need not have started us.

    Where only the command is installed, it is the folder that the admin is in.
    """
    folder = Path(__file__).resolve().parent.parent
    return folder if (folder / "host.json").is_file() else Path.cwd()


_joinlink = Joinlink(os.environ, World())


def joinlink() -> Joinlink:
    """Return the parts of this process."""
    return _joinlink


def rebuild(
    environ: Mapping[str, str], world: World, to_ourselves: "httpx.BaseTransport | None" = None
) -> Joinlink:
    """Put the parts together anew, in another world: for the sandbox and the tests."""
    global _joinlink  # noqa: PLW0603 -- the host calls functions, not objects: their state is the process's
    _joinlink = Joinlink(environ, world, to_ourselves)
    return _joinlink
