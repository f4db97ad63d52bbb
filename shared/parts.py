"""The building blocks of one process beside its storage: settings, Graph, rules, each made on its first use.

Heavy modules are imported inside the builders: the webhook must not pay for what only the worker needs.
"""

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from shared import logs
from shared.errors import SettingProblem, SettingsError
from shared.settings import Settings, read_settings
from shared.storage_parts import StorageParts

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.auth.token_source import TokenSource
    from shared.graph.client import Graph
    from shared.storage.app_identity import AppIdentity
    from shared.worker.common.directory import Directory
    from shared.worker.common.memory import Memory, MemoryStart
    from shared.worker.common.policies import Policies, RuleSource
    from shared.worker.events.calendar_search import CalendarSearcher
    from shared.worker.mailboxes.endpoint import Endpoint


class Parts(StorageParts):
    """All parts of one process."""

    @cached_property
    def _settings(self) -> Settings:
        settings = read_settings(self._environ)
        logs.configure(settings.log_level)
        return settings

    @property
    def _identity(self) -> "AppIdentity":
        from shared.storage.app_identity import AppIdentity

        return AppIdentity(tenant=self._settings.tenant_id, endpoint=self._endpoint.fingerprint)

    @cached_property
    def _endpoint(self) -> "Endpoint":
        from shared.graph.own_endpoint import wake_endpoint
        from shared.worker.mailboxes.endpoint import Endpoint

        settings = self._settings
        if settings.notification_url is None:
            problem = (
                "is missing: without it no mailbox can be watched; it is"
                " https://<app>.azurewebsites.net/api/notifications?code=<function key>"
            )
            raise SettingsError([SettingProblem("JOINLINK_NOTIFICATION_URL", problem)])
        return Endpoint(
            settings.notification_url,
            settings.client_state_keys[0],
            call=partial(wake_endpoint, transport=self._to_ourselves),
            now=self._world.now,
        )

    @cached_property
    def _graph(self) -> "Callable[[], Graph]":
        from shared.graph.client import Graph
        from shared.graph.connection_pool import graph_http
        from shared.graph.sender import Sender

        settings = self._settings
        http = graph_http(settings.graph_url)
        self._open.append(http.close)
        sender = Sender(http, self._tokens, settings.cloud.graph, self._world.now)
        return lambda: Graph(sender)

    @cached_property
    def _tokens(self) -> "TokenSource":
        from shared.auth.token_source import TokenSource

        return TokenSource.of(self._settings, self._world.now)

    @cached_property
    def _directory(self) -> "Directory":
        from shared.worker.common.directory import Directory

        return Directory(self._graph, self._world.now)

    @cached_property
    def _calendar_searcher(self) -> "CalendarSearcher":
        from shared.worker.events.calendar_search import CalendarSearcher

        return CalendarSearcher(
            world=self._world,
            directory=self._directory,
            meetings=self._meetings,
            report_only=self._settings.report_only,
        )

    @cached_property
    def _memory(self) -> "Memory":
        from shared.storage.memory import MemoryMarker
        from shared.worker.common.memory import Memory

        return Memory(MemoryMarker(self._meetings_table), self._world.now)

    @cached_property
    def _memory_start(self) -> "MemoryStart":
        from shared.storage.memory import MemoryMarker
        from shared.worker.common.memory import MemoryStart

        return MemoryStart(
            marker=MemoryMarker(self._meetings_table),
            mailboxes=self._mailboxes,
            last_runs=self._last_runs,
            now=self._world.now,
        )

    @cached_property
    def _policies(self) -> "Policies":
        from shared.worker.common.policies import Policies

        return Policies(self._rule_source, self._kept_rules, self._world.now)

    @cached_property
    def _rule_source(self) -> "RuleSource":
        from shared.storage.rule_source import RuleContainer, RuleFolder

        settings = self._settings
        if "://" not in settings.rules:
            return RuleFolder(_app_folder() / settings.rules)
        container = RuleContainer.connect(settings.rules, settings.storage, self._storage_credential)
        self._open.append(container.close)
        return container


def _app_folder() -> Path:
    """Return the folder of the function app, in which the host need not have started us.

    Where only the command is installed, it is the folder that the admin is in.
    """
    folder = Path(__file__).resolve().parent.parent
    return folder if (folder / "host.json").is_file() else Path.cwd()
