"""A simulated tenant: mailboxes behind a stand-in Graph, and the storage account, all in memory."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from sandbox.graph import Reply, StandIn
from sandbox.serve import InProcess
from sandbox.simulate.product import Product, client
from sandbox.simulate.queue import MemoryQueue
from sandbox.simulate.table import MemoryTable
from shared import logs
from shared.domain.messages import MAILBOX_TASKS
from shared.storage.tables import Table

START = datetime(2026, 11, 23, tzinfo=UTC)
_TENANT = "c0ffee00-0000-4000-8000-000000000001"


#: One mailbox in this many has a further calendar.
FURTHER_CALENDAR = 5


class SimulatedTenant:
    """A number of mailboxes with empty calendars, and the product that serves them in this process.

    `further` are the mailboxes with a second calendar of their own. `now` is the time of Graph, storage and
    product; it changes only when it is set.
    """

    def __init__(self, mailboxes: int) -> None:
        logs.configure("WARNING")  # writing a line for each of millions of tasks takes longer than the tasks
        self.now = START
        self.graph = StandIn(now=lambda: self.now, tenant_id=_TENANT, post=echo, record=False)
        self.users = frozenset(
            self.graph.add_user(f"User {n}", f"user{n}@contoso.com").id for n in range(mailboxes)
        )
        self.further = frozenset(user for user in self.users if int(user[:4], 16) % FURTHER_CALENDAR == 0)
        for user in sorted(self.further):
            self.graph.add_calendar(user, "Project")
        self.tables: dict[str, MemoryTable] = {}
        self.queues: dict[str, MemoryQueue] = {}
        self.product = Product(
            now=lambda: self.now,
            http=client("https://graph.test", InProcess(self.graph)),
            queues=self.queue,
            tables=self.table,
        )

    @property
    def tasks(self) -> MemoryQueue:
        """The queue `mailbox-tasks`."""
        return self.queues[MAILBOX_TASKS]

    def queue(self, name: str) -> MemoryQueue:
        """Return a queue; it exists from its first use on."""
        return self.queues.setdefault(name, MemoryQueue(name, lambda: self.now))

    def table(self, name: str) -> Table:
        """Return the product's connection to a table."""
        return self.tables.setdefault(name, MemoryTable(name, lambda: self.now)).connect()


def echo(url: str, _body: bytes, _headers: Mapping[str, str]) -> Reply:
    """Answer a validation request, and accept notifications."""
    token = parse_qs(urlsplit(url).query).get("validationToken")
    return Reply(200, "text/plain", token[0].encode()) if token else Reply(202)
