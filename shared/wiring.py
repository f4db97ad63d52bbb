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
from shared.errors import SettingsError, Unauthorized
from shared.settings import Settings, StorageSettings, read_settings, read_storage_settings
from shared.worker.webhook import Webhook
from shared.worker.world import World

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import TokenCredential

    from shared.auth import TokenSource
    from shared.graph.client import Graph
    from shared.storage.gauges import Gauge
    from shared.storage.last_run import LastRuns
    from shared.storage.leases import MaintenanceLease
    from shared.storage.mailboxes import Mailboxes
    from shared.storage.meetings import Meetings
    from shared.storage.queues import MessageQueue
    from shared.storage.rule_source import LastGoodRules
    from shared.storage.tables import Table
    from shared.storage.trial import StorageTrial
    from shared.worker.backfill import Backfill
    from shared.worker.calendar_search import CalendarSearcher
    from shared.worker.desk import Desk
    from shared.worker.directory import Directory
    from shared.worker.doctor import Doctor
    from shared.worker.endpoint import Endpoint
    from shared.worker.event_messages import EventMessages
    from shared.worker.health import Checkup
    from shared.worker.mailbox_messages import MailboxMessages
    from shared.worker.maintenance import Maintenance
    from shared.worker.policies import Policies, RuleSource
    from shared.worker.replay import Replay


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
                poison=(self._event_poison, self._mailbox_poison),
                lease=self._maintenance_lease,
                last_runs=self._last_runs,
                endpoint=self._endpoint.fingerprint,
            )

    def desk(self) -> "Desk":
        """Return what the admin's command reads with. Raises SettingsError."""
        with self._worker_lock:
            from shared.worker.desk import Desk

            return Desk(
                graph=self._graph(),
                meetings=self._meetings,
                directory=self._directory,
                rules=self._rule_source,
                now=self._world.now,
                report_only=self._settings.report_only,
            )

    def replay(self) -> "Replay":
        """Return what puts messages back from the poison queues. Raises SettingsError."""
        with self._worker_lock:
            from shared.storage.poison import PoisonQueue
            from shared.worker.replay import QUEUES, Replay

            poison = {
                name: PoisonQueue.connect(name, self._storage, self._storage_credential) for name in QUEUES
            }
            self._open += [queue.close for queue in poison.values()]
            queues = {EVENT_CHANGES: self._event_changes, MAILBOX_TASKS: self._mailbox_tasks}
            return Replay(poison, queues, self._world.now)

    def storage_trial(self) -> "StorageTrial":
        """Return what tries the storage account out. Raises SettingsError."""
        from shared.storage.trial import StorageTrial

        with self._worker_lock:
            return StorageTrial(self._storage, self._storage_credential, self._world.new_id())

    def doctor(self) -> "Doctor":
        """Return what looks at all that is needed, beside storage. Raises SettingsError."""
        from shared.graph.client import echo_of_ourselves
        from shared.worker.doctor import Doctor, Parts

        with self._worker_lock:
            settings = self._settings
            url = settings.notification_url or ""
            found = Parts(
                settings=settings,
                graph=self._graph(),
                token=lambda: self._tokens.token(settings.cloud.graph).value,
                rules=self._rule_source,
                echo=lambda token: echo_of_ourselves(url, token, self._to_ourselves),
            )
            return Doctor(found, self._world.now)

    def checkup(self) -> "Checkup":
        """Return what tells the app's health; wrong settings are part of that."""
        with self._worker_lock:
            return self._checkup

    def checkup_at_the_desk(self) -> "Checkup":
        """Return the same for the admin's command, which needs the storage settings alone.

        No token is asked for, since it would be another identity's; and the rules are those that the worker
        kept, unless they lie in a container: the app's own folder is out of sight. Raises SettingsError.
        """
        with self._worker_lock:
            sees_rules = not self._settings_problems() and "://" in self._settings.rules
            return self._build_checkup((), self._health_parts(sees_rules=sees_rules))

    @cached_property
    def _checkup(self) -> "Checkup":
        from shared.worker.health import TOKEN

        problems = self._settings_problems()
        try:
            parts = self._health_parts(sees_rules=not problems)
        except SettingsError:  # not even the storage account is known: the problems say so
            return self._build_checkup(problems, {})
        return self._build_checkup(problems, parts if problems else {**parts, TOKEN: self._token_problem})

    def _build_checkup(
        self, problems: tuple[str, ...], parts: "dict[str, Callable[[], object]]"
    ) -> "Checkup":
        from shared.storage.queues import POISON_SUFFIX
        from shared.worker.health import Checkup

        queues = (EVENT_CHANGES, MAILBOX_TASKS) if parts else ()
        return Checkup(
            now=self._world.now,
            settings_problems=problems,
            parts=parts,
            queues={name: self._gauge(name) for name in queues},
            poison={name + POISON_SUFFIX: self._gauge(name + POISON_SUFFIX) for name in queues},
        )

    def _health_parts(self, *, sees_rules: bool) -> "dict[str, Callable[[], object]]":
        from shared.worker.health import MAINTENANCE, RULES
        from shared.worker.rules_health import rules_in_force

        kept, last_runs = self._kept_rules, self._last_runs
        source = self._rule_source if sees_rules else None
        return {RULES: lambda: rules_in_force(source, kept), MAINTENANCE: last_runs.read}

    def _settings_problems(self) -> tuple[str, ...]:
        try:
            read_settings(self._environ)
        except SettingsError as error:
            return error.problems
        return ()

    def _token_problem(self) -> str:
        try:
            self._tokens.token(self._settings.cloud.graph)
        except Unauthorized as error:
            return str(error)
        return ""

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
    def _storage(self) -> StorageSettings:
        """The storage settings alone: what only needs them works while the others are being mended."""
        return read_storage_settings(self._environ)

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
        from shared.worker.enabling import Enabler
        from shared.worker.event_messages import EventMessages
        from shared.worker.processing import Processor

        settings = self._settings  # first: what is wrong with any of them is told at once
        meetings, counters = self._meetings, Counters(self._table(COUNTERS))
        processor = Processor(
            world=self._world,
            policies=self._policies,
            directory=self._directory,
            meetings=meetings,
            mailboxes=self._mailboxes,
            enabler=Enabler(world=self._world, meetings=meetings, counters=counters),
            report_only=settings.report_only,
        )
        return EventMessages(
            world=self._world,
            graph=self._graph,
            processor=processor,
            queue=self._event_changes,
            poison=self._event_poison,
        )

    @cached_property
    def _mailbox_messages(self) -> "MailboxMessages":
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
            poison=self._mailbox_poison,
        )

    @cached_property
    def _maintenance_lease(self) -> "MaintenanceLease":
        from shared.storage.leases import MAINTENANCE, MaintenanceLease

        return MaintenanceLease(self._table(MAINTENANCE))

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
        from shared.graph.client import Graph, GraphAuth, graph_http

        settings = self._settings
        auth = GraphAuth(self._tokens, settings.cloud.graph)
        http = graph_http(settings.graph_url, auth)
        self._open.append(http.close)
        return lambda: Graph(http)

    @cached_property
    def _tokens(self) -> "TokenSource":
        from shared.auth import TokenSource

        return TokenSource.of(self._settings)

    @cached_property
    def _mailboxes(self) -> "Mailboxes":
        from shared.storage.mailboxes import MAILBOXES, Mailboxes

        return Mailboxes(self._table(MAILBOXES))

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
    def _policies(self) -> "Policies":
        from shared.worker.policies import Policies

        return Policies(self._rule_source, self._kept_rules, self._world.now)

    @cached_property
    def _kept_rules(self) -> "LastGoodRules":
        from shared.storage.rule_source import KEPT_CONTAINER, LastGoodRules, container_of

        kept = LastGoodRules(container_of(self._storage, self._storage_credential, KEPT_CONTAINER))
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

    @cached_property
    def _event_changes(self) -> "MessageQueue":
        return self._queue(EVENT_CHANGES)

    def _table(self, name: str) -> "Table":
        from shared.storage.tables import Table

        connected = Table.connect(name, self._storage, self._storage_credential)
        self._open.append(connected.close)
        return connected

    def _keep(self, queue_name: str, body: bytes) -> None:
        from shared.storage.queues import MessageQueue
        from shared.worker.carrying import keep_until_settings_are_mended

        queue = MessageQueue.connect(queue_name, self._storage, self._storage_credential)
        keep_until_settings_are_mended(body, queue)
        queue.close()

    def _gauge(self, name: str) -> "Callable[[], Gauge]":
        from shared.storage.gauges import QueueGauge

        connected = QueueGauge.connect(name, self._storage, self._storage_credential)
        self._open.append(connected.close)
        return connected.read

    def _queue(self, name: str) -> "MessageQueue":
        from shared.storage.queues import MessageQueue

        connected = MessageQueue.connect(name, self._storage, self._storage_credential)
        self._open.append(connected.close)
        return connected

    @cached_property
    def _storage_credential(self) -> "TokenCredential | None":
        return self._credential_for(self._storage)

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
