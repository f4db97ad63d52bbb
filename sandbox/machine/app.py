"""The product's own wiring over services in memory and a stand-in Graph in the same process."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import httpx

from sandbox.machine.services import Connection, SteppedQueue
from sandbox.simulate.product import SandboxTokens, client
from shared.auth.token_source import TokenSource
from shared.domain.messages import EVENT_CHANGES, MAILBOX_TASKS
from shared.graph.client import Graph
from shared.graph.sender import Sender
from shared.rule_files.loader import RuleFile
from shared.storage.last_good_rules import LastGoodRulesStore
from shared.storage.tables import Table
from shared.wiring.built_once import BuiltOnce
from shared.wiring.graph_parts import GraphParts
from shared.wiring.joinlink import Joinlink
from shared.wiring.parts import Parts
from shared.wiring.process import Process
from shared.wiring.storage_parts import StorageParts
from shared.worker.common.policy_reloader import PolicyReloader
from shared.worker.common.world import World
from shared.worker.webhook.webhook import Webhook

if TYPE_CHECKING:
    from shared.storage.connection import Timeouts
    from shared.storage.poison_queue import PoisonQueue
    from shared.storage.queues import MessageQueue

_GRAPH = "https://graph.microsoft.com"
Rules = Callable[[], str]


class MemoryJoinlink(Joinlink):
    """The app of one process."""

    def __init__(self, parts: "MemoryParts") -> None:
        super().__init__(parts)
        self._connection = parts.connection

    @BuiltOnce
    def policies(self) -> PolicyReloader:
        """The policy in force."""
        store = LastGoodRulesStore(self._connection.container())
        return PolicyReloader(self.parts.rule_source, store, self.parts.process.world.now)

    @BuiltOnce
    def webhook(self) -> Webhook:
        """Takes notifications. Its own clock stands still: how fast a machine is decides nothing here."""
        settings, storage = self.parts.process.settings, self.parts.storage
        webhook = Webhook(
            world=self.parts.process.world,
            changes=lambda: storage.queue(EVENT_CHANGES),
            tasks=lambda: storage.queue(MAILBOX_TASKS),
            keys=settings.client_state_keys,
            tenant_id=settings.tenant_id,
            settle=settings.settle,
            clock=lambda: 0.0,
        )
        self.parts.process.close_at_end(webhook.close)
        return webhook


class MemoryParts(Parts):
    """The parts of one process.

    Args:
        environ: its settings.
        world: its clock, chance and ids.
        connection: how it reaches storage.
        graph: how it reaches Graph.
        rules: returns the text of the rule file.
        tokens: its source of tokens; None for one token that is always good.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        world: World,
        connection: Connection,
        graph: httpx.BaseTransport,
        rules: Rules,
        *,
        tokens: TokenSource | None = None,
    ) -> None:
        super().__init__(environ, world, own_transport=httpx.MockTransport(_echo))
        self.connection = connection
        self.storage = _MemoryStorage(self.process, connection)
        self.graph = _MemoryGraph(self.process, graph, tokens)
        self._text = rules

    @BuiltOnce
    def rule_source(self) -> "_RuleText":
        """The one rule file."""
        return _RuleText(self._text)


class _RuleText:
    """A `RuleSource` with one file."""

    def __init__(self, text: Rules) -> None:
        self._text = text

    def read(self) -> tuple[RuleFile, ...]:
        """Return the file as it is now."""
        return (RuleFile("rules.yaml", self._text().encode()),)


class _MemoryStorage(StorageParts):
    """The tables and queues of an account in memory. The host's own poison messages are left out."""

    def __init__(self, process: Process, connection: Connection) -> None:
        super().__init__(process)
        self._connection = connection

    @BuiltOnce
    def poison_queues(self) -> "Mapping[str, PoisonQueue]":
        """Return none: the machine moves no message as the host does."""
        return {}

    def queue(self, name: str, _timeouts: "Timeouts | None" = None) -> "MessageQueue":
        """Return a queue that is used through its port alone."""
        queue: SteppedQueue = self._connection.queue(name)
        return queue  # type: ignore[return-value]  # the product uses it through its ports alone

    def table(self, name: str, *, create_if_missing: bool = True) -> Table:
        """Return a table."""
        return self._connection.table(name, create_if_missing=create_if_missing)


class _MemoryGraph(GraphParts):
    def __init__(self, process: Process, transport: httpx.BaseTransport, tokens: TokenSource | None) -> None:
        super().__init__(process)
        self._transport = transport
        self._tokens = tokens

    @BuiltOnce
    def new_client(self) -> Callable[[], Graph]:
        """A function that returns a new client."""
        http = client("https://graph.test", self._transport)
        self._process.close_at_end(http.close)
        tokens = self._tokens or SandboxTokens(http)
        sender = Sender(http, tokens, _GRAPH, self._process.world.now)
        return lambda: Graph(sender)


def _echo(request: httpx.Request) -> httpx.Response:
    """Answer a handshake with our own notification URL."""
    return httpx.Response(200, text=request.url.params.get("validationToken", ""))
