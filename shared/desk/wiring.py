"""Builds what the commands of an admin's desk use, from the same parts as the app.

A desk reads the rules in force and never replaces them: nothing that it builds holds a
`LastGoodRulesStore`, the only class that does (a test searches for one).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from shared.auth.token_source import TokenSource
from shared.desk.app_log.app_log import AppLog
from shared.desk.app_log.workspace import LogWorkspace, log_address
from shared.desk.backfill import Backfill
from shared.desk.canary.readiness import Readiness
from shared.desk.desk_check import DeskCheck, PolicyInForce, clock_problem
from shared.desk.doctor import Doctor
from shared.desk.event_reader import PATIENCE, EventReader
from shared.desk.held_events import HeldEvents
from shared.desk.in_force import AppInForce, read_in_force
from shared.desk.permissions import granted_rights
from shared.desk.preview.preview import Preview, WritesKnown
from shared.desk.replay import Replay
from shared.desk.sign_in.desk_identity import DeskIdentity
from shared.desk.storage_trial import StorageTrial
from shared.desk.trial.decision_log import DecisionLog
from shared.desk.trial.trial_mailbox import TrialMailbox
from shared.desk.trial.trial_sender import TrialSender
from shared.desk.trial.waiting import Waiting
from shared.desk.unsubscription import Unsubscription
from shared.domain.mailbox import User
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.graph.client import Graph
from shared.graph.connection_pool import graph_http
from shared.graph.own_endpoint import endpoint_problem
from shared.settings import STORAGE, Settings
from shared.storage.backfill_runs import BACKFILLS, BackfillRuns
from shared.storage.meetings import Meetings
from shared.storage.write_history import WriteHistory
from shared.wiring.graph_parts import GraphParts
from shared.wiring.health import build_desk_checkup
from shared.wiring.maintenance import build_maintenance
from shared.wiring.parts import Parts
from shared.worker.common.rule_ports import RuleSource
from shared.worker.common.world import World
from shared.worker.events.directory_cache import DirectoryCache
from shared.worker.health.checkup import Checkup
from shared.worker.mailboxes.maintenance import Maintenance
from shared.worker.mailboxes.write_memory import MemoryState, WriteMemory, describe_memory


class Desk:
    """Everything that commands use. Every method raises SettingsError where settings are wrong."""

    def __init__(
        self,
        parts: Parts,
        *,
        identity: DeskIdentity = DeskIdentity.APP,
        environ: Mapping[str, str] | None = None,
        log_tokens: Callable[[str], TokenSource] = lambda _address: TokenSource.managed_identity(),
    ) -> None:
        """`identity` is the one that Graph sees.

        `environ` are the settings as they were found, where the parts have others. `log_tokens` returns the
        source of tokens for the address of the service that has the app's log.
        """
        self._parts = parts
        self._environ = parts.process.environ if environ is None else environ
        self.identity = identity
        self._log_tokens = log_tokens
        self._storage = parts.storage
        self._reading = GraphParts(parts.process, reading_only=True)

    @property
    def world(self) -> World:
        """The time of this machine."""
        return self._parts.process.world

    @property
    def environ(self) -> Mapping[str, str]:
        """The settings as they were found, with references to secrets."""
        return self._environ

    @property
    def settings(self) -> Settings:
        """The settings, with secrets resolved."""
        return self._parts.process.settings

    @property
    def is_report_only(self) -> bool:
        """Whether JOINLINK_MODE=report is set."""
        return self._parts.process.settings.report_only

    @property
    def has_storage(self) -> bool:
        """Whether a storage account is named: before the first deployment there is none."""
        return any(name == STORAGE or name.startswith(f"{STORAGE}__") for name in self.environ)

    @property
    def rules(self) -> RuleSource:
        """The folder or container of JOINLINK_RULES."""
        return self._parts.rule_source

    def close(self) -> None:
        """Close connections and threads."""
        self._parts.process.close()

    def clock_problem(self) -> str:
        """Return what is wrong with this machine's clock; empty if nothing is.

        Raises:
            StorageUnavailable: the table service does not answer.
        """
        return clock_problem(self.world.now(), self._storage.maintenance_table.now())

    def policy_in_force(self) -> PolicyInForce:
        """Return the reader of the rules that the app has in force."""
        return PolicyInForce(self._parts.last_good_rules)

    def in_force(self) -> AppInForce:
        """Return what the app has in force, from its storage account. Raises StorageUnavailable."""
        return read_in_force(self._storage.settings_fingerprints.read, self.policy_in_force())

    def age_of_maintenance(self) -> timedelta | None:
        """Return how long ago the app's maintenance finished, None if it never did.

        Raises:
            StorageUnavailable: its report can't be read.
        """
        report = self._storage.maintenance_reports.read()
        return report.age_at(self.world.now()) if report else None

    def checkup(self) -> Checkup:
        """Return the checkup of the app's health; it needs the storage settings alone."""
        return build_desk_checkup(self._parts)

    def maintenance(self) -> Maintenance:
        """Return one run of maintenance, by the rules that the app has in force.

        Raises:
            DeskDiffers: rules or settings here are not the app's.
            StorageUnavailable: the app's settings or rules can't be read.
        """
        check = DeskCheck(
            desk=self._parts.settings_fingerprint,
            app=self._storage.settings_fingerprints.read,
            rules=self._parts.rule_source,
            in_force=self.policy_in_force(),
        )
        check.check()
        return build_maintenance(self._parts, check.in_force, None)

    def write_history(self) -> WriteHistory:
        """Return the memory of past writes, to search."""
        return self._storage.write_history

    def user(self, mailbox: str) -> User:
        """Return the user of a mailbox, by object id or user principal name. Raises GraphError."""
        return self._parts.graph.new_client().user(mailbox)

    def graph(self) -> Graph:
        """Return a client of Graph."""
        return self._parts.graph.new_client()

    def event_reader(self) -> EventReader:
        """Return the reader of single events."""
        return EventReader(
            graph=self._parts.graph.new_client(),
            meetings=self._storage.meetings,
            directory=DirectoryCache(self._parts.graph.new_client, self.world.now, PATIENCE),
            memory_check=self._parts.memory_check,
        )

    def backfill(self, sleep: Callable[[float], None]) -> Backfill:
        """Return the backfill; `sleep` waits for a number of seconds."""
        return Backfill(
            world=self.world,
            graph=self._parts.graph.new_client,
            searcher=self._parts.calendar_searcher,
            mailboxes=self._storage.mailboxes,
            runs=BackfillRuns(self._storage.table(BACKFILLS)),
            queue=self._storage.event_changes,
            sleep=sleep,
        )

    def preview(self) -> Preview:
        """Return the preview; the settings for Graph are enough."""
        return Preview(
            graph=self._reading.new_client,
            directory=DirectoryCache(self._reading.new_client, self.world.now, PATIENCE),
            writes_known=self._writes_known,
            known_purpose=self._known_purpose,
        )

    def _known_purpose(self, mailbox: str) -> str:
        return self._storage.mailboxes.read(mailbox).purpose if self.has_storage else ""

    def _writes_known(self) -> WritesKnown:
        if not self.has_storage:
            return WritesKnown(None, "no storage account is named")
        state = self.memory().state()
        if state is not MemoryState.WHOLE:
            return WritesKnown(None, describe_memory(state))
        return WritesKnown(self._storage.meetings)

    def app_log(self, workspace: str) -> AppLog:
        """Return the app's log in a Log Analytics workspace, given by its id; it needs no settings.

        Raises:
            SignInFailed: there is no identity for it.
        """
        address = log_address(self.environ)
        http = graph_http(address)
        self._parts.process.close_at_end(http.close)
        tokens = self._log_tokens(address)
        return LogWorkspace(workspace, lambda: tokens.token(address).value, http)

    def decision_log(self, workspace: str) -> DecisionLog:
        """Return the decisions in the app's log, as `app_log` finds it. Raises SignInFailed."""
        return DecisionLog(self.app_log(workspace), self.world.now)

    def trial_mailbox(self, mailbox: str, sleep: Callable[[float], None]) -> TrialMailbox:
        """Return a mailbox to create items in and to delete them; `sleep` waits for a number of seconds."""
        sender = TrialSender(self._parts.graph.sender.send, Waiting(self.world.now, sleep))
        return TrialMailbox(mailbox, sender)

    def rights(self) -> frozenset[str] | None:
        """Return what the token for Graph permits, None if it does not show that. Raises GraphError."""
        return granted_rights(self._parts.graph.tokens.token(self.settings.cloud.graph).value)

    def client_state(self, mailbox: str) -> str:
        """Return the clientState of a mailbox's subscription. Raises SettingsError without our URL."""
        return self._parts.graph.endpoint.client_state(mailbox)

    def readiness(self) -> Readiness:
        """Return whether the app could write to a mailbox; it needs the storage settings alone."""
        return Readiness(
            memory=self._parts.memory,
            stop=self._storage.watch_stop,
            mailboxes=self._storage.mailboxes,
            now=self.world.now,
        )

    def meetings(self) -> Meetings:
        """Return the app's record of its writes, to read."""
        return self._storage.meetings

    def replay(self) -> Replay:
        """Return the reader of the poison queues, which also puts messages back."""
        queues = {EVENT_CHANGES: self._storage.event_changes, MAILBOX_TASKS: self._storage.mailbox_tasks}
        return Replay(self._storage.poison_queues, queues, self.world.now)

    def held_events(self) -> HeldEvents:
        """Return the list of held events, which also releases them."""
        return HeldEvents(
            world=self.world,
            index=self._storage.held_events,
            meetings=self._storage.meetings,
            queue=self._storage.event_changes,
        )

    def unsubscription(self) -> Unsubscription:
        """Return the end of all subscriptions; it needs the storage settings alone."""
        return Unsubscription(
            world=self.world,
            stop=self._storage.watch_stop,
            mailboxes=self._storage.mailboxes,
            queue=self._storage.mailbox_tasks,
            app=self._storage.settings_fingerprints.read,
        )

    def memory(self) -> WriteMemory:
        """Return the memory of past writes as a whole."""
        return self._parts.memory

    def storage_trial(self) -> StorageTrial:
        """Return the trial of the storage account."""
        process = self._parts.process
        return StorageTrial(process.storage_settings, process.storage_credential, self.world.new_id())

    def doctor(self) -> Doctor:
        """Return the checks that need more than the storage settings."""
        settings, graph = self._parts.process.settings, self._parts.graph
        return Doctor(
            settings=settings,
            is_the_app=self.identity is DeskIdentity.APP,
            graph=lambda: graph.new_client(),  # noqa: PLW0108 -- the desk signs in when it is first read
            token=lambda: graph.tokens.token(settings.cloud.graph).value,
            rules=self._parts.rule_source,
            rules_place=self._parts.rules_place,
            in_force=self.in_force,
            others=self._storage.other_deployments.read,
            endpoint_problem=partial(
                endpoint_problem, settings.notification_url or "", transport=self._parts.process.own_transport
            ),
            now=self.world.now,
        )
