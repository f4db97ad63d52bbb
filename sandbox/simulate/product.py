"""Builds the product's own parts as `shared.wiring` does, with any storage and a stand-in Graph."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import httpx

from shared.auth.token_source import Token
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.domain.queue_port import QueueSender
from shared.graph.client import Graph
from shared.graph.connection_pool import graph_http
from shared.graph.sender import Sender
from shared.rule_files.loader import RuleFile
from shared.storage.counters import COUNTERS, Counters
from shared.storage.mailboxes import MAILBOXES, Mailboxes
from shared.storage.maintenance_lease import MAINTENANCE, MaintenanceLease
from shared.storage.maintenance_report import MaintenanceReports
from shared.storage.meetings import MEETINGS, Meetings
from shared.storage.memory_marker import MemoryMarker
from shared.storage.other_deployments import OtherDeployments
from shared.storage.queues import POISON_SUFFIX
from shared.storage.removal_hold import RemovalHolds
from shared.storage.tables import Table
from shared.storage.watch_stop import WatchStop
from shared.worker.common.policy_reloader import PolicyReloader
from shared.worker.common.queue_messages import QueueMessages
from shared.worker.common.world import World
from shared.worker.events.calendar_search import CalendarSearcher
from shared.worker.events.directory_cache import DirectoryCache
from shared.worker.mailboxes.calendar_subscriptions import CalendarSubscriptions
from shared.worker.mailboxes.endpoint import Endpoint
from shared.worker.mailboxes.maintenance import Maintenance
from shared.worker.mailboxes.messages import TaskHandler
from shared.worker.mailboxes.subscriptions import SubscriptionTasks
from shared.worker.mailboxes.sweep import Sweeper
from shared.worker.mailboxes.tasks import MailboxTasks
from shared.worker.mailboxes.write_memory import WriteMemory

URL = "https://joinlink.example/api/notifications?code=function-key"
_GRAPH = "https://graph.microsoft.com"
_KEY = "client-state-key-of-the-simulation"
_RULES = b"""
version: 1
internal_domains: [contoso.com]
mailboxes: {include: all}
calendars: owned
sweep: {every: 6h, window: 60d}
rules:
  - id: external-meetings
    mode: enforce
    when: {external_attendees: {at_least: 1}}
"""

Queues = Callable[[str], QueueSender]
Tables = Callable[[str], Table]


class Product:
    """What the timer and the trigger of the queue `mailbox-tasks` call."""

    def __init__(
        self, *, now: Callable[[], datetime], http: httpx.Client, queues: Queues, tables: Tables
    ) -> None:
        random_numbers, ids = random.Random(7), count(1)  # noqa: S311 -- repeatable, not for secrets
        world = World(now=now, uniform=random_numbers.uniform, new_id=lambda: f"{next(ids):032x}")
        self.mailboxes = Mailboxes(tables(MAILBOXES), now)
        sender = Sender(http, SandboxTokens(http), _GRAPH, now)
        policies, tasks = PolicyReloader(_Rules(), _Rules(), now), queues(MAILBOX_TASKS)
        endpoint = Endpoint(URL, _KEY, call=lambda _url: None, now=now)
        self._new_maintenance: Callable[[], Maintenance] = lambda: Maintenance(
            world=world,
            graph=Graph(sender),
            policies=policies,
            mailboxes=self.mailboxes,
            queue=tasks,
            poison=(),
            cleanup=lambda _check: {},
            maintain_queues=lambda: None,
            lease=MaintenanceLease(tables(MAINTENANCE)),
            holds=RemovalHolds(tables(MAINTENANCE)),
            stop=WatchStop(tables(MAINTENANCE)),
            others=OtherDeployments(tables(MAINTENANCE)),
            reports=MaintenanceReports(tables(MAINTENANCE)),
            endpoint=endpoint.fingerprint,
            notification_url=URL,
            memory=WriteMemory(
                marker=MemoryMarker(tables(MEETINGS)),
                mailboxes=self.mailboxes,
                last_runs=MaintenanceReports(tables(MAINTENANCE)),
                now=now,
            ),
            record_settings=lambda: None,
        )
        sweeper = Sweeper(
            world=world,
            policies=policies,
            searcher=CalendarSearcher(
                world=world,
                directory=DirectoryCache(lambda: Graph(sender), now),
                meetings=Meetings(tables(MEETINGS)),
                report_only=False,
            ),
            mailboxes=self.mailboxes,
            counters=Counters(tables(COUNTERS)),
            queue=queues(EVENT_CHANGES),
        )
        handler = TaskHandler(
            MailboxTasks(
                world=world,
                mailboxes=self.mailboxes,
                subscriptions=SubscriptionTasks(
                    world=world,
                    mailboxes=self.mailboxes,
                    endpoint=endpoint,
                    is_stopped=WatchStop(tables(MAINTENANCE)).is_set,
                ),
                calendar_subscriptions=CalendarSubscriptions(
                    world=world,
                    mailboxes=self.mailboxes,
                    endpoint=endpoint,
                    is_enabled=False,
                    is_stopped=WatchStop(tables(MAINTENANCE)).is_set,
                ),
                sweeper=sweeper,
            )
        )
        self._messages = QueueMessages(
            world=world,
            graph=lambda: Graph(sender),
            handler=handler,
            queue=tasks,
            poison=queues(MAILBOX_TASKS + POISON_SUFFIX),
        )

    def maintain(self) -> None:
        """Run maintenance."""
        self._new_maintenance().run()

    def handle(self, message: str) -> None:
        """Handle a message of `mailbox-tasks`."""
        self._messages.handle(message.encode(), 1)


def client(graph_url: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return the product's connection to a stand-in Graph."""
    return graph_http(graph_url, transport)


class SandboxTokens:
    """Returns the managed identity's token, which never expires in the simulation."""

    def __init__(self, http: httpx.Client) -> None:
        answer = http.get(
            "/msi/token",
            params={"resource": _GRAPH, "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": "sandbox"},
        )
        self._value = answer.json()["access_token"]

    def token(self, _resource: str, *, refused: str = "") -> Token:
        """Return the token."""
        assert not refused
        return Token(self._value, timedelta(hours=24))


class _Rules:
    """The rule file: its source, and the storage of the last good rules."""

    def read(self) -> tuple[RuleFile, ...]:
        """Return the one file."""
        return (RuleFile("rules.yaml", _RULES),)

    def keep(self, files: tuple[RuleFile, ...]) -> None:
        """Do nothing: the file never changes."""

    def seen_since(self, _rules: str, now: datetime) -> datetime:
        """Return a time long ago."""
        return now - timedelta(days=1)
