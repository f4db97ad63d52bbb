"""The parts that the app and an admin's desk both use, each built on its first use.

Nothing here replaces the rules in force: only the app has what does (`shared.wiring.joinlink`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import SettingsError
from shared.settings import read_rules_setting
from shared.version import VERSION
from shared.wiring.built_once import BuiltOnce
from shared.wiring.graph_parts import GraphParts
from shared.wiring.process import Process, SignIn
from shared.wiring.storage_parts import StorageParts
from shared.worker.common.world import World

if TYPE_CHECKING:
    import httpx

    from shared.storage.last_good_rules import LastGoodRules
    from shared.storage.settings_fingerprint import SettingsFingerprint
    from shared.worker.common.rule_ports import RuleSource
    from shared.worker.events.calendar_search import CalendarSearcher
    from shared.worker.events.memory_check import MemoryCheck
    from shared.worker.mailboxes.write_memory import WriteMemory


class Parts:
    """All shared parts of one process. Every property raises SettingsError.

    Attributes:
        process: the settings and the world of the process.
        storage: what needs the storage account alone.
        graph: what talks to Graph.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        world: World,
        own_transport: "httpx.BaseTransport | None" = None,
        sign_in: SignIn | None = None,
    ) -> None:
        self.process = Process(environ, world, own_transport, sign_in)
        self.storage = StorageParts(self.process)
        self.graph = GraphParts(self.process)

    @BuiltOnce
    def rule_source(self) -> "RuleSource":
        """The folder or container of JOINLINK_RULES."""
        rules, process = self._rules, self.process
        if "://" not in rules:
            from shared.storage.rule_folder import RuleFolder

            return RuleFolder(_app_folder() / rules)
        from shared.storage.rule_container import RuleContainer

        container = RuleContainer.connect(rules, process.storage_settings, process.storage_credential)
        process.close_at_end(container.close)
        return container

    @property
    def rules_place(self) -> str:
        """Where JOINLINK_RULES is, for people: a path, or an address without its signature."""
        rules = self._rules
        return rules.partition("?")[0] if "://" in rules else str(_app_folder() / rules)

    @property
    def _rules(self) -> str:
        """JOINLINK_RULES, without a read of secrets."""
        try:
            return read_rules_setting(self.process.environ)
        except SettingsError:  # this names every setting that is wrong
            return self.process.settings.rules

    @BuiltOnce
    def last_good_rules(self) -> "LastGoodRules":
        """The rules that the app has in force, to read."""
        from shared.storage.blobs import container_client
        from shared.storage.last_good_rules import LAST_GOOD_CONTAINER, LastGoodRules

        process = self.process
        rules = LastGoodRules(
            container_client(LAST_GOOD_CONTAINER, process.storage_settings, process.storage_credential)
        )
        process.close_at_end(rules.close)
        return rules

    @property
    def settings_fingerprint(self) -> "SettingsFingerprint":
        """The settings of this process, to compare with the app's; its policy is left out."""
        from shared.storage.settings_fingerprint import SettingsFingerprint

        return SettingsFingerprint(
            tenant=self.process.settings.tenant_id,
            endpoint=self.graph.endpoint.fingerprint,
            version=VERSION,
            report_only=self.process.settings.report_only,
            rules_place=self.rules_place,
        )

    @BuiltOnce
    def memory_check(self) -> "MemoryCheck":
        """The check that the memory of past writes is whole."""
        from shared.worker.events.memory_check import MemoryCheck

        return MemoryCheck(self.storage.memory_marker, self.process.world.now)

    @BuiltOnce
    def memory(self) -> "WriteMemory":
        """The memory of past writes as a whole; it needs only the storage settings."""
        from shared.worker.mailboxes.write_memory import WriteMemory

        return WriteMemory(
            marker=self.storage.memory_marker,
            mailboxes=self.storage.mailboxes,
            last_runs=self.storage.maintenance_reports,
            now=self.process.world.now,
        )

    @BuiltOnce
    def calendar_searcher(self) -> "CalendarSearcher":
        """The search for events that should get a link, for the sweep and the backfill."""
        from shared.worker.events.calendar_search import CalendarSearcher

        return CalendarSearcher(
            world=self.process.world,
            directory=self.graph.directory,
            meetings=self.storage.meetings,
            report_only=self.process.settings.report_only,
        )


def _app_folder() -> Path:
    """Return the folder of the function app, which need not be the host's working directory.

    Where only the command is installed, return the working directory.
    """
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / "host.json").is_file() else Path.cwd()
